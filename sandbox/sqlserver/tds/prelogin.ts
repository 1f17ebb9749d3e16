import { protocolError } from './byte-reader.js';

/** ENCRYPTION values of PRELOGIN (MS-TDS 2.2.6.5). */
export const encryption = { off: 0x00, on: 0x01, notSupported: 0x02, required: 0x03 } as const;

const option = {
  version: 0x00,
  encryption: 0x01,
  instance: 0x02,
  threadId: 0x03,
  mars: 0x04,
  end: 0xff,
} as const;

/** What of a connection TLS protects: nothing, the LOGIN7 message alone, or everything after PRELOGIN. */
export type Protection = 'none' | 'login' | 'all';

/**
 * Reads a client's PRELOGIN (MS-TDS 2.2.6.5) for what it says about encryption. Throws `protocolError` on an
 * option that lies outside the message.
 */
export function requestedProtection(data: Buffer): Protection {
  for (let at = 0; at < data.length && data[at] !== option.end; at += 5) {
    if (at + 5 > data.length) {
      throw protocolError('A PRELOGIN option is cut off.');
    }
    if (data[at] === option.encryption) {
      return protectionOf(data[data.readUInt16BE(at + 1)]);
    }
  }
  return 'none';
}

/** The top bits announce a client certificate and are not asked for here; the low ones are `encryption`. */
function protectionOf(value: number | undefined): Protection {
  if (value === undefined) {
    throw protocolError('A PRELOGIN option lies outside its message.');
  }
  switch (value & 0x0f) {
    case encryption.notSupported:
      return 'none';
    case encryption.off:
      return 'login';
    default:
      return 'all';
  }
}

/**
 * The server's PRELOGIN answer (MS-TDS 2.2.6.5, 3.3.5.1), of a server that can encrypt and does not insist:
 * version of the product, the encryption agreed on, no other instance name, no MARS.
 */
export function preloginResponse(protection: Protection, version: readonly [number, number, number]): Buffer {
  const [major, minor, build] = version;
  const agreed = { none: encryption.notSupported, login: encryption.off, all: encryption.on }[protection];
  const options: readonly (readonly [number, Buffer])[] = [
    [option.version, Buffer.from([major, minor, build >>> 8, build & 0xff, 0, 0])],
    [option.encryption, Buffer.from([agreed])],
    [option.instance, Buffer.from([0])],
    [option.threadId, Buffer.alloc(0)],
    [option.mars, Buffer.from([0])],
  ];
  const table = Buffer.alloc(options.length * 5 + 1, option.end);
  let offset = table.length;
  for (const [index, [token, value]] of options.entries()) {
    table.writeUInt8(token, index * 5);
    table.writeUInt16BE(offset, index * 5 + 1);
    table.writeUInt16BE(value.length, index * 5 + 3);
    offset += value.length;
  }
  return Buffer.concat([table, ...options.map(([, value]) => value)]);
}
