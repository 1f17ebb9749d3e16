import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** A CRC-32 as S3 writes it: base64 of its four bytes, the highest first. */
export type Crc32 = string;

/** The CRC-32 of bytes that come in pieces, in order. */
export class RunningCrc32 {
  #value = 0;

  add(bytes: Buffer): void {
    this.#value = crc32(bytes, this.#value);
  }

  get(): Crc32 {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value);
    return bytes.toString('base64');
  }
}

export function crc32Of(bytes: Buffer): Crc32 {
  const running = new RunningCrc32();
  running.add(bytes);
  return running.get();
}

/** The CRC-32 of a whole file, read in pieces of the length of `buffer`, which it fills. */
export async function crc32OfFile(file: FileHandle, buffer: Buffer): Promise<Crc32> {
  const running = new RunningCrc32();
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return running.get();
    running.add(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
