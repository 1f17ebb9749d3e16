import type { ResultEvent, SqlServerError } from '../engine/types.js';
import { ByteWriter } from './byte-writer.js';
import { framePackets, packetType } from './packet.js';
import { RowWriter } from './row-writer.js';
import {
  command,
  type DoneToken,
  doneStatus,
  doneToken,
  envChange,
  writeColMetadata,
  writeDone,
  writeEnvText,
  writeMessage,
} from './tokens.js';
import type { Transport } from './transport.js';

/** Bytes gathered before they are sent: enough to make a write worth its price, little beside a client's memory. */
const flushBytes = 128 * 1024;

interface PendingDone {
  readonly token: DoneToken;
  readonly status: number;
  readonly command: number;
  readonly rows: number;
}

/**
 * The response to one request, as one message. Each DONE says whether another follows, so it is held back until
 * that is known. One instance serves a session, message after message, and keeps its buffer.
 */
export class Response {
  readonly out = new ByteWriter(flushBytes + 16 * 1024);
  readonly #transport: Transport;
  readonly #serverName: string;
  #packetSize: number;
  #packetId = 1;
  #pending: PendingDone | undefined;
  #rows: RowWriter | undefined;

  constructor(transport: Transport, serverName: string, packetSize: number) {
    this.#transport = transport;
    this.#serverName = serverName;
    this.#packetSize = packetSize;
  }

  /** Bytes per packet, headers included, from the next packet on. */
  setPacketSize(bytes: number): void {
    this.#packetSize = bytes;
  }

  /** Turns one event of a statement into tokens; waits while the client has no room. */
  async event(event: ResultEvent, token: DoneToken, database: string, signal: AbortSignal): Promise<void> {
    this.releaseDone();
    switch (event.kind) {
      case 'columns':
        this.#rows = new RowWriter(event.columns);
        writeColMetadata(this.out, event.columns);
        return;
      case 'rows':
        await this.#writeRows(event, signal);
        return;
      case 'encoded':
        await this.#writeEncoded(event.bytes, signal);
        return;
      case 'done':
        this.#rows = undefined;
        this.holdDone({
          token,
          status: event.rows === undefined ? doneStatus.final : doneStatus.count,
          command: command[event.command],
          rows: event.rows ?? 0,
        });
        return;
      case 'info':
        this.info(event.number, event.message);
        return;
      case 'database':
        this.databaseChange(event.name, database);
    }
  }

  async #writeRows(event: ResultEvent & { kind: 'rows' }, signal: AbortSignal): Promise<void> {
    if (this.#rows === undefined) {
      throw new TypeError('Rows came before their columns.');
    }
    for (let row = 0; row < event.count && !signal.aborted; ) {
      row = this.#rows.write(this.out, event, row, flushBytes);
      if (this.out.length >= flushBytes) {
        await this.#send(false, signal);
      }
    }
  }

  async #writeEncoded(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length && !signal.aborted; ) {
      const end = Math.min(bytes.length, at + flushBytes - this.out.length);
      this.out.bytes(bytes.subarray(at, end));
      at = end;
      if (this.out.length >= flushBytes) {
        await this.#send(false, signal);
      }
    }
  }

  /** Reports an error; the DONE that ends the statement carries the error bit. */
  error(error: SqlServerError, token: DoneToken): void {
    this.releaseDone();
    this.#rows = undefined;
    this.errorMessage(error);
    this.holdDone({ token, status: doneStatus.error, command: command.other, rows: 0 });
  }

  errorMessage({ number, state, severity, message, line }: SqlServerError): void {
    writeMessage(this.out, 'error', { number, state, severity, message, serverName: this.#serverName, line });
  }

  info(number: number, message: string): void {
    const fields = { number, state: 1, severity: 0, message, serverName: this.#serverName, line: 1 };
    writeMessage(this.out, 'info', fields);
  }

  databaseChange(name: string, old: string): void {
    writeEnvText(this.out, envChange.database, name, old);
    this.info(5701, `Changed database context to '${name}'.`);
  }

  holdDone(done: PendingDone): void {
    this.#pending = done;
  }

  /** Writes the DONE held back, as one that others follow. */
  releaseDone(): void {
    this.#writeHeld(doneStatus.more);
  }

  /** Ends the message: the DONE held back, or an empty one, becomes the last. */
  async finish(): Promise<void> {
    this.#pending ??= { token: doneToken.done, status: doneStatus.final, command: command.other, rows: 0 };
    this.#writeHeld(doneStatus.final);
    await this.#end();
  }

  /** Ends the message of a request that was stopped; what it would still have told is of no use. */
  async finishStopped(): Promise<void> {
    this.#pending = undefined;
    await this.finish();
  }

  /** A message of its own that acknowledges an ATTENTION (MS-TDS 2.2.7.6, DONE_ATTN): clients wait for it. */
  async acknowledgeAttention(): Promise<void> {
    writeDone(this.out, doneToken.done, doneStatus.attention, command.other, 0);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#rows = undefined;
    await this.#send(true);
    this.#packetId = 1;
  }

  #writeHeld(more: number): void {
    if (this.#pending !== undefined) {
      const { token, status, command: cmd, rows } = this.#pending;
      writeDone(this.out, token, status | more, cmd, rows);
      this.#pending = undefined;
    }
  }

  async #send(last: boolean, signal?: AbortSignal): Promise<void> {
    const framed = framePackets(packetType.response, this.out.view(), this.#packetSize, this.#packetId, last);
    this.#packetId = (this.#packetId + framed.count) & 0xff;
    this.out.consume(framed.consumed);
    await this.#transport.write(framed.packets, signal);
  }
}
