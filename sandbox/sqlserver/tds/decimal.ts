import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { decimalBytes } from './type-info.js';

const low32 = 0x1_0000_0000;

/**
 * A decimal of unscaled value `value`: length, sign, then the magnitude in as many bytes as `precision` takes
 * (MS-TDS 2.2.5.5.1.6). Throws RangeError when the magnitude does not fit them.
 */
export function writeDecimal(out: ByteWriter, value: bigint, precision: number): void {
  const bytes = decimalBytes(precision);
  out.u8(bytes);
  const number = Number(value);
  out.u8(number < 0 ? 0 : 1);
  const magnitude = Math.abs(number);
  if (magnitude > Number.MAX_SAFE_INTEGER) {
    writeLargeMagnitude(out, value < 0n ? -value : value, bytes - 1);
    return;
  }
  if (bytes === 5 && magnitude >= low32) {
    throw new RangeError('A decimal has more digits than its precision.');
  }
  out.u32(magnitude % low32);
  for (let written = 4, rest = Math.floor(magnitude / low32); written < bytes - 1; written += 4, rest = 0) {
    out.u32(rest);
  }
}

function writeLargeMagnitude(out: ByteWriter, magnitude: bigint, bytes: number): void {
  if (magnitude >= 1n << BigInt(bytes * 8)) {
    throw new RangeError('A decimal has more digits than its precision.');
  }
  for (let shift = 0; shift < bytes * 8; shift += 32) {
    out.u32(Number((magnitude >> BigInt(shift)) & 0xffff_ffffn));
  }
}

/**
 * The unscaled value of a decimal whose length has been read; `length` counts the sign. Clients send as few
 * magnitude bytes as they like, whatever the precision.
 */
export function readDecimal(reader: ByteReader, length: number): bigint {
  const positive = reader.u8() === 1;
  const bigEndian = Buffer.from(reader.bytes(length - 1)).reverse();
  const magnitude = length === 1 ? 0n : BigInt(`0x${bigEndian.toString('hex')}`);
  return positive ? magnitude : -magnitude;
}
