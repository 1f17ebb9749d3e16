import { createVector, type VarVector } from '../../../../../engine/rows/column-batch.js';
import { AsciiCopy, shortAscii } from '../../../../../engine/sqlserver/wire/types/char-ascii.js';

const lengths = Array.from({ length: shortAscii }, (_, length) => length);

describe('AsciiCopy', () => {
  test('copies a text of every length, from every place, up to the last byte of its packet', () => {
    const vector = createVector('var') as VarVector;
    const copy = new AsciiCopy(vector);
    for (const length of lengths) {
      const from = length % 5;
      const text = Buffer.from(Array.from({ length }, (_, at) => 33 + ((at * 7) % 90)));
      // Of a pool, so that the packet does not begin where its memory does.
      const packet = Buffer.concat([Buffer.alloc(from, 0xff), text]);
      const start = length * 3;
      expect(copy.run(start, packet, from, packet.length)).toBe(start + length);
      expect(vector.heap.subarray(start, start + length)).toEqual(text);
    }
  });

  test('finds a byte that is not ASCII at every place', () => {
    const copy = new AsciiCopy(createVector('var') as VarVector);
    for (const length of lengths)
      for (let at = 0; at < length; at++) {
        const packet = Buffer.alloc(length, 'a');
        packet[at] = 0x80;
        expect(copy.run(0, packet, 0, length)).toBe(-1);
      }
  });

  test('goes on in a heap that has grown', () => {
    const vector = createVector('var') as VarVector;
    const copy = new AsciiCopy(vector);
    const packet = Buffer.from('grown');
    copy.run(0, packet, 0, packet.length);
    const start = vector.heap.length - 2;
    expect(copy.run(start, packet, 0, packet.length)).toBe(start + packet.length);
    expect(vector.heap.toString('latin1', start, start + packet.length)).toBe('grown');
    expect(vector.heap.toString('latin1', 0, packet.length)).toBe('grown');
  });
});
