import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type SqlServerEngine, SqlServerError } from '../engine/types.js';
import { protocolError } from './byte-reader.js';
import { defaultCollation } from './collation.js';
import { type Login, parseLogin7 } from './login7.js';
import { framePackets, type Message, packetType } from './packet.js';
import { type Protection, preloginResponse, requestedProtection } from './prelogin.js';
import { Response } from './response.js';
import { Session } from './session.js';
import {
  doneToken,
  envChange,
  writeEnvBytes,
  writeEnvText,
  writeLoginAck,
  writeUtf8FeatureAck,
} from './tokens.js';
import { Transport } from './transport.js';

/** TDS 7.3B brought NBCROW, which rows with a NULL are sent as; 7.4 is the newest spoken here. */
const tdsVersion = { oldest: 0x730b0003, newest: 0x74000004 } as const;
const packetSizes = { smallest: 512, largest: 32_767, largestWithTls: 16_383, beforeLogin: 4096 } as const;

export interface ConnectionOptions {
  readonly engine: SqlServerEngine;
  readonly secureContext: SecureContext;
  readonly serverName: string;
  /** Major, minor and build. */
  readonly productVersion: readonly [number, number, number];
  readonly defaultPacketSize: number;
  readonly onInternalError: (error: unknown) => void;
}

/** One client, from its PRELOGIN to its end (MS-TDS 3.3.5). */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #response: Response;
  #protection: Protection | undefined;
  #session: Session | undefined;
  #work: Promise<void> = Promise.resolve();
  /** Of the request that came last, until it is answered. */
  #latest: AbortController | undefined;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#transport = new Transport(socket, {
      onMessage: (message) => this.#receive(message),
      onEnd: () => void this.#logOut().then(() => this.#transport.destroy()),
      onClose: () => void this.close(),
    });
    this.#response = new Response(this.#transport, options.serverName, packetSizes.beforeLogin);
  }

  /** Breaks the connection; resolves when what ran has stopped and the engine's session is closed. */
  close(): Promise<void> {
    this.#transport.destroy();
    return this.#logOut();
  }

  #logOut(): Promise<void> {
    this.#latest?.abort();
    this.#closed ??= this.#work
      .then(() => this.#session?.close())
      .catch((error: unknown) => this.#options.onInternalError(error));
    return this.#closed;
  }

  /** Requests wait for the one before them; an ATTENTION stops the last one, or is acknowledged at once. */
  #receive(message: Message): void {
    if (message.type === packetType.attention && this.#latest !== undefined) {
      this.#latest.abort();
      return;
    }
    const request = new AbortController();
    this.#latest = request;
    this.#work = this.#work
      .then(() => this.#handle(message, request.signal))
      .catch((error: unknown) => {
        this.#options.onInternalError(error);
        this.#transport.destroy();
      })
      .finally(() => {
        if (this.#latest === request) {
          this.#latest = undefined;
        }
      });
  }

  async #handle(message: Message, signal: AbortSignal): Promise<void> {
    if (this.#closed !== undefined) {
      return;
    }
    if (message.type === packetType.prelogin && this.#protection === undefined) {
      await this.#prelogin(message);
    } else if (message.type === packetType.login7 && this.#session === undefined) {
      await this.#login(message);
    } else if (this.#session === undefined) {
      // Nothing may come before a login; SQL Server just hangs up.
      this.#transport.destroy();
    } else if (message.type === packetType.attention) {
      await this.#response.acknowledgeAttention();
    } else if (!(await this.#session.handle(message, signal))) {
      this.#transport.end();
    }
  }

  async #prelogin(message: Message): Promise<void> {
    this.#protection = requestedProtection(message.data);
    const answer = preloginResponse(this.#protection, this.#options.productVersion);
    const { packets } = framePackets(packetType.response, answer, packetSizes.beforeLogin, 1, true);
    await this.#transport.write(packets);
    if (this.#protection !== 'none') {
      this.#transport.startTls(this.#options.secureContext);
    }
  }

  async #login(message: Message): Promise<void> {
    if (this.#protection === 'login') {
      this.#transport.stopTls();
    }
    try {
      const login = parseLogin7(message.data);
      if (login.tdsVersion < tdsVersion.oldest) {
        throw protocolError('The client speaks a TDS version before 7.3B.');
      }
      const { engine, onInternalError } = this.#options;
      this.#session = await Session.open({ engine, response: this.#response, onInternalError }, login);
      this.#acceptLogin(login, this.#session.database);
      await this.#response.finish();
    } catch (error) {
      this.#refuseLogin(error, message);
      await this.#response.finish();
      this.#transport.end();
    }
  }

  /** The answer to a login that is let in (MS-TDS 3.3.5.3). */
  #acceptLogin(login: Login, database: string): void {
    const response = this.#response;
    const { out } = response;
    response.databaseChange(database, 'master');
    writeEnvBytes(out, envChange.collation, defaultCollation.bytes, Buffer.alloc(0));
    writeEnvText(out, envChange.language, 'us_english', '');
    response.info(5703, 'Changed language setting to us_english.');
    const version = Math.min(login.tdsVersion, tdsVersion.newest);
    writeLoginAck(out, version, 'Microsoft SQL Server', this.#options.productVersion);
    const size = this.#packetSize(login.packetSize);
    writeEnvText(out, envChange.packetSize, String(size), String(packetSizes.beforeLogin));
    response.setPacketSize(size);
    if (login.utf8Support) {
      writeUtf8FeatureAck(out);
    }
  }

  /** A database that cannot be opened is reported as SQL Server does: Msg 4060, then Msg 18456. */
  #refuseLogin(error: unknown, message: Message): void {
    if (!(error instanceof SqlServerError)) {
      this.#options.onInternalError(error);
    }
    const known =
      error instanceof SqlServerError
        ? error
        : new SqlServerError(8624, 'Internal error of the SQL Server stand-in; its log has the details.');
    if (known.number === 4060) {
      this.#response.errorMessage(known);
      const failed = `Login failed for user '${parseLogin7(message.data).user}'.`;
      this.#response.error(new SqlServerError(18456, failed, 14), doneToken.done);
    } else {
      this.#response.error(known, doneToken.done);
    }
  }

  #packetSize(requested: number): number {
    const largest = this.#protection === 'all' ? packetSizes.largestWithTls : packetSizes.largest;
    const wanted = requested === 0 ? this.#options.defaultPacketSize : requested;
    return Math.min(largest, Math.max(packetSizes.smallest, wanted));
  }
}
