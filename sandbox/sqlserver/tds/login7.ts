import { ByteReader, protocolError } from './byte-reader.js';

/** What the stand-in takes from a LOGIN7 message (MS-TDS 2.2.6.4). */
export interface Login {
  /** As sent, for example 0x74000004 for TDS 7.4. */
  readonly tdsVersion: number;
  /** Bytes; 0 leaves the choice to the server. */
  readonly packetSize: number;
  readonly hostName: string;
  readonly user: string;
  readonly password: string;
  readonly applicationName: string;
  readonly database: string | undefined;
  /** The client can take text columns in UTF-8 and wants to hear that the server can send them. */
  readonly utf8Support: boolean;
}

/** Offsets of the (position, length) pairs in the fixed part of LOGIN7. */
const field = {
  hostName: 36,
  user: 40,
  password: 44,
  applicationName: 48,
  extension: 56,
  database: 68,
} as const;
const extensionUsed = 0x10;
const featureUtf8 = 0x0a;
const featureEnd = 0xff;

/** Reads a LOGIN7 message; throws `protocolError` when a field lies outside it. */
export function parseLogin7(data: Buffer): Login {
  if (data.length < 94) {
    throw protocolError('A LOGIN7 message is too short.');
  }
  const text = (at: number) => textAt(data, data.readUInt16LE(at), data.readUInt16LE(at + 2));
  const database = text(field.database).toString('utf16le');
  return {
    tdsVersion: data.readUInt32LE(4),
    packetSize: data.readUInt32LE(8),
    hostName: text(field.hostName).toString('utf16le'),
    user: text(field.user).toString('utf16le'),
    password: revealPassword(text(field.password)),
    applicationName: text(field.applicationName).toString('utf16le'),
    database: database === '' ? undefined : database,
    utf8Support: (data.readUInt8(27) & extensionUsed) !== 0 && wantsUtf8(data),
  };
}

/** Each byte was nibble-swapped, then XORed with 0xA5 (MS-TDS 2.2.6.4, ibPassword). */
export function revealPassword(obscured: Buffer): string {
  const clear = Buffer.from(obscured.map((byte) => ((byte ^ 0xa5) << 4) | ((byte ^ 0xa5) >>> 4)));
  return clear.toString('utf16le');
}

function textAt(data: Buffer, offset: number, units: number): Buffer {
  if (offset + units * 2 > data.length) {
    throw protocolError('A LOGIN7 field lies outside its message.');
  }
  return data.subarray(offset, offset + units * 2);
}

/** Walks the FeatureExt block (MS-TDS 2.2.6.4) looking for UTF8_SUPPORT. */
function wantsUtf8(data: Buffer): boolean {
  const pointer = data.readUInt16LE(field.extension);
  const reader = new ByteReader(data);
  reader.position = pointer;
  reader.position = reader.u32();
  for (let id = reader.u8(); id !== featureEnd; id = reader.u8()) {
    const value = reader.bytes(reader.u32());
    if (id === featureUtf8) {
      return ((value[0] ?? 0) & 1) === 1;
    }
  }
  return false;
}
