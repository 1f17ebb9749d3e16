import type { ByteWriter } from './byte-writer.js';

/** A value with more bytes is sent with its length unknown, in chunks of as many: an odd number, which cuts characters. */
const plpChunk = 8_189;
const plpUnknownLength = 0xffff_ffff_ffff_fffen;

/** PLP (MS-TDS 2.2.5.2.3): total length, chunks, terminator; `write` adds the value's bytes. */
export function writePlp(out: ByteWriter, write: () => void): void {
  const header = out.ensure(12);
  out.length = header + 12;
  write();
  const bytes = out.length - header - 12;
  if (bytes > plpChunk) {
    out.buffer.writeBigUInt64LE(plpUnknownLength, header);
    cutIntoChunks(out, header + 12);
  } else {
    out.buffer.writeBigUInt64LE(BigInt(bytes), header);
    out.buffer.writeUInt32LE(bytes, header + 8);
    // An empty chunk is the terminator itself.
    if (bytes === 0) out.length = header + 8;
  }
  out.u32(0);
}

/** Gives the bytes from `start` on, which have the place of one chunk length before them, the others' lengths. */
function cutIntoChunks(out: ByteWriter, start: number): void {
  const bytes = Buffer.from(out.buffer.subarray(start, out.length));
  out.length = start - 4;
  for (let at = 0; at < bytes.length; at += plpChunk) {
    const chunk = bytes.subarray(at, at + plpChunk);
    out.u32(chunk.length);
    out.bytes(chunk);
  }
}
