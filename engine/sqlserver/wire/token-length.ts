import { MigrationError } from '../../errors.js';

/** Tokens without rows in the answer to a query (MS-TDS 2.2.4.2, 2.2.7), which tedious reads, by how they tell their length. */
const fixedLengths: ReadonlyMap<number, number> = new Map([
  [0x79, 5], // RETURNSTATUS
  [0xfd, 13], // DONE
  [0xfe, 13], // DONEPROC
  [0xff, 13], // DONEINPROC
]);
const shortLengths: ReadonlySet<number> = new Set([
  0xa9, // ORDER
  0xaa, // ERROR
  0xab, // INFO
  0xe3, // ENVCHANGE
]);

/**
 * Bytes of the token that begins at `at`, its type included; or minus the bytes needed to know more.
 * @param before bytes of the message before the buffer's first one, for the message
 * @throws MigrationError WIRE_PROTOCOL for a token that an answer to a query without output parameters cannot hold
 */
export function tokenLength(bytes: Buffer, at: number, end: number, before: number): number {
  const token = bytes[at] as number;
  const length = lengthOf(token, bytes, at, end);
  if (length === undefined) {
    throw new MigrationError(
      'WIRE_PROTOCOL',
      `Byte ${before + at} of the answer: token 0x${token.toString(16).padStart(2, '0')} cannot stand here.`,
    );
  }
  return length > end - at ? -length : length;
}

function lengthOf(token: number, bytes: Buffer, at: number, end: number): number | undefined {
  if (shortLengths.has(token)) return end - at < 3 ? 3 : 3 + bytes.readUInt16LE(at + 1);
  return fixedLengths.get(token);
}
