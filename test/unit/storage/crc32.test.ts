import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32Of, crc32OfFile, RunningCrc32 } from '../../../engine/storage/crc32.js';

// The check value of the CRC catalogue, cbf43926, for nine digits.
const digits = Buffer.from('123456789');

test('is the base64 of the four bytes, the highest first', () => {
  expect(crc32Of(digits)).toBe(Buffer.from('cbf43926', 'hex').toString('base64'));
  expect(crc32Of(Buffer.alloc(0))).toBe('AAAAAA==');
});

test('does not depend on how the bytes are cut', () => {
  const running = new RunningCrc32();
  for (const piece of ['1', '', '2345', '6789']) running.add(Buffer.from(piece));
  expect(running.get()).toBe(crc32Of(digits));
});

test.each([0, 1, 4_096, 4_097, 10_000])('of a file of %i bytes is that of its bytes', async (length) => {
  const directory = await mkdtemp(join(tmpdir(), 'crc32-'));
  const bytes = randomBytes(length);
  const path = join(directory, 'file');
  await writeFile(path, bytes);
  const file = await open(path);
  try {
    expect(await crc32OfFile(file, Buffer.alloc(4_096))).toBe(crc32Of(bytes));
  } finally {
    await file.close();
    await rm(directory, { recursive: true });
  }
});
