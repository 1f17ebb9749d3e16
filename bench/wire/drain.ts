import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { Connection } from 'tedious';

export interface DrainTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Everything is encrypted and the certificate verified against it; absent: nothing is encrypted. */
  readonly caFile?: string;
  /** Bytes, at most 16,383 with TLS. */
  readonly packetSize: number;
}

export interface Drained {
  /** As the DONE token that ends the result says. */
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** What of tedious's connection is reached into: its streams, once it has logged in. */
interface Internals {
  readonly messageIo: {
    readonly socket: Readable;
    readonly securePair?: { readonly cleartext: Readable };
    readonly incomingMessageStream: NodeJS.WritableStream;
    sendMessage(type: number, data: Buffer): void;
  };
}

const sqlBatch = 0x01;
const endOfMessage = 0x01;
const headerBytes = 8;
/** DONE with its token; the count is its last eight bytes (MS-TDS 2.2.7.6). */
const doneBytes = 13;

/** A logged-in connection whose results are thrown away as bytes: what a source can send and a socket take. */
export class Drain {
  readonly #connection: Connection;
  readonly #io: Internals['messageIo'];

  private constructor(connection: Connection) {
    this.#connection = connection;
    this.#io = (connection as unknown as Internals).messageIo;
  }

  /** Rejects as tedious does. */
  static async open(target: DrainTarget): Promise<Drain> {
    const connection = new Connection({
      server: target.host,
      authentication: { type: 'default', options: { userName: target.user, password: target.password } },
      options: {
        port: target.port,
        database: target.database,
        packetSize: target.packetSize,
        encrypt: target.caFile !== undefined,
        ...(target.caFile !== undefined && {
          serverName: 'localhost',
          cryptoCredentialsDetails: { ca: readFileSync(target.caFile, 'utf8') },
        }),
      },
    });
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error === undefined ? resolve() : reject(error)));
    });
    return new Drain(connection);
  }

  /** Sends a batch of one SELECT and reads its answer to the end, packet header by packet header. */
  async run(sql: string): Promise<Drained> {
    const { socket, securePair, incomingMessageStream, sendMessage } = this.#io;
    const stream = securePair?.cleartext ?? socket;
    stream.unpipe(incomingMessageStream);
    const start = performance.now();
    const answer = new Answer();
    const done = new Promise<void>((resolve, reject) => {
      stream.on('data', (chunk: Buffer) => {
        if (answer.take(chunk)) resolve();
      });
      stream.once('close', () => reject(new Error('The source hung up.')));
    });
    stream.resume();
    sendMessage.call(this.#io, sqlBatch, batch(sql));
    await done;
    stream.removeAllListeners('data');
    const seconds = (performance.now() - start) / 1_000;
    return { rows: answer.rows, bytes: answer.bytes, seconds };
  }

  close(): void {
    this.#connection.close();
  }
}

/** ALL_HEADERS with no transaction (MS-TDS 2.2.5.3), then the text. */
function batch(sql: string): Buffer {
  const headers = Buffer.alloc(22);
  headers.writeUInt32LE(22, 0);
  headers.writeUInt32LE(18, 4);
  headers.writeUInt16LE(2, 8);
  headers.writeUInt32LE(1, 18);
  return Buffer.concat([headers, Buffer.from(sql, 'utf16le')]);
}

/** Follows the packets of one message. */
class Answer {
  bytes = 0;
  #header = Buffer.alloc(headerBytes);
  #headerFilled = 0;
  #left = 0;
  #last = false;
  #tail = Buffer.alloc(0);

  /** True with the message's last byte. */
  take(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at, at + headerBytes - this.#headerFilled);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < headerBytes) break;
        this.#headerFilled = 0;
        this.#last = ((this.#header[1] as number) & endOfMessage) !== 0;
        this.#left = this.#header.readUInt16BE(2) - headerBytes;
      }
      const taken = Math.min(this.#left, chunk.length - at);
      if (this.#last) this.#tail = Buffer.concat([this.#tail, chunk.subarray(at, at + taken)]);
      else if (this.#left === taken)
        this.#tail = Buffer.from(chunk.subarray(Math.max(at, at + taken - doneBytes), at + taken));
      at += taken;
      this.#left -= taken;
      if (this.#last && this.#left === 0) return true;
    }
    return false;
  }

  get rows(): number {
    const done = this.#tail.subarray(-doneBytes);
    if (done[0] !== 0xfd || done.length < doneBytes) throw new Error('The answer does not end in a DONE.');
    if ((done.readUInt16LE(1) & 0x02) !== 0) throw new Error('The answer is an error.');
    return Number(done.readBigUInt64LE(5));
  }
}
