import {
  type IsolationLevel,
  type Parameter,
  type SqlServerEngine,
  SqlServerError,
  type SqlSession,
} from '../engine/types.js';
import { defaultCollation } from './collation.js';
import type { Login } from './login7.js';
import { type Message, packetStatus, packetType } from './packet.js';
import { Procedures } from './procedures.js';
import { parseRpc, parseSqlBatch, parseTransactionRequest, type RpcCall } from './requests.js';
import type { Response } from './response.js';
import {
  command,
  type DoneToken,
  doneStatus,
  doneToken,
  envChange,
  writeEnvBytes,
  writeReturnStatus,
  writeReturnValue,
} from './tokens.js';

const noBytes = Buffer.alloc(0);
let lastDescriptor = 0n;

export interface SessionContext {
  readonly engine: SqlServerEngine;
  readonly response: Response;
  /** Told of errors that are not SQL Server's: mistakes of the stand-in, which clients only hear of as Msg 8624. */
  readonly onInternalError: (error: unknown) => void;
}

/** A logged-in client's requests, one at a time (MS-TDS 3.3.5.5, "Logged In"). */
export class Session {
  readonly #context: SessionContext;
  readonly #login: Login;
  #sql: SqlSession;
  #procedures = new Procedures();
  #descriptor: Buffer = noBytes;

  private constructor(context: SessionContext, login: Login, sql: SqlSession) {
    this.#context = context;
    this.#login = login;
    this.#sql = sql;
  }

  /** Throws SqlServerError 18456 or 4060. */
  static async open(context: SessionContext, login: Login): Promise<Session> {
    return new Session(context, login, await context.engine.login(login));
  }

  get database(): string {
    return this.#sql.database;
  }

  /**
   * Answers one request; `signal` aborts at an ATTENTION, which is then acknowledged (MS-TDS 2.2.1.7). Resolves
   * to false when an error was so severe that the connection must end.
   */
  async handle(message: Message, signal: AbortSignal): Promise<boolean> {
    const { response } = this.#context;
    let goesOn = true;
    try {
      await this.#reset(message.status);
      if ((message.status & packetStatus.ignore) === 0 && !signal.aborted) {
        await this.#dispatch(message, signal);
      }
    } catch (error) {
      // What a stopped request throws is the stop itself.
      if (!signal.aborted) {
        const reported = this.#reported(error);
        response.error(reported, message.type === packetType.rpc ? doneToken.doneProc : doneToken.done);
        this.#announceTransaction();
        goesOn = reported.severity < 20;
      }
    }
    await (signal.aborted ? response.finishStopped() : response.finish());
    if (signal.aborted) {
      await response.acknowledgeAttention();
    }
    return goesOn;
  }

  /** The engine rolls back what is open. */
  async close(): Promise<void> {
    await this.#sql.close();
  }

  async #dispatch(message: Message, signal: AbortSignal): Promise<void> {
    switch (message.type) {
      case packetType.sqlBatch:
        return this.#execute(parseSqlBatch(message.data), [], doneToken.done, signal);
      case packetType.rpc:
        for (const call of parseRpc(message.data)) {
          await this.#call(call, signal);
        }
        return;
      case packetType.transactionManager:
        return this.#transaction(message.data);
      default:
        throw new SqlServerError(4002, `Message type ${message.type} is not one this server answers.`, 20);
    }
  }

  async #execute(
    sql: string,
    parameters: readonly Parameter[],
    token: DoneToken,
    signal: AbortSignal,
  ): Promise<void> {
    const { response } = this.#context;
    let { database } = this;
    for await (const event of this.#sql.execute(sql, parameters, signal)) {
      if (signal.aborted) {
        return;
      }
      if (event.kind === 'done') {
        response.releaseDone();
        this.#announceTransaction();
      }
      await response.event(event, token, database, signal);
      database = this.database;
    }
  }

  /** A procedure's results, its return status, the handle it returns, DONEPROC (MS-TDS 2.2.6.6, 2.2.7.8). */
  async #call(call: RpcCall, signal: AbortSignal): Promise<void> {
    const { response } = this.#context;
    const { statement, handle, call: own } = this.#procedures.plan(call);
    if (statement !== undefined) {
      await this.#execute(statement.sql, statement.parameters, doneToken.doneInProc, signal);
    }
    const status = own === undefined ? 0 : await this.#sql.call(own);
    response.releaseDone();
    writeReturnStatus(response.out, status);
    if (handle !== undefined) {
      writeReturnValue(response.out, {
        ordinal: 0,
        name: handle.name,
        type: { name: 'int' },
        value: handle.value,
      });
    }
    response.holdDone({
      token: doneToken.doneProc,
      status: doneStatus.final,
      command: command.other,
      rows: 0,
    });
  }

  async #transaction(data: Buffer): Promise<void> {
    const request = parseTransactionRequest(data);
    if (request.kind === 'begin') {
      await this.#begin(request.isolation);
      return;
    }
    await this.#sql[request.kind]();
    this.#announceTransaction(request.kind);
    if (request.next !== undefined) {
      await this.#begin(request.next.isolation);
    }
  }

  async #begin(isolation: IsolationLevel | undefined): Promise<void> {
    await this.#sql.begin(isolation);
    this.#announceTransaction();
  }

  /**
   * Tells the client of a transaction that began or ended since it was last told, by whatever means. How a
   * transaction ended in T-SQL the engine does not say; clients do the same either way.
   */
  #announceTransaction(end: 'commit' | 'rollback' = 'commit'): void {
    const { out } = this.#context.response;
    const open = this.#sql.transactionCount > 0;
    if (open && this.#descriptor.length === 0) {
      lastDescriptor += 1n;
      this.#descriptor = Buffer.alloc(8);
      this.#descriptor.writeBigUInt64LE(lastDescriptor);
      writeEnvBytes(out, envChange.beginTransaction, this.#descriptor, noBytes);
    } else if (!open && this.#descriptor.length > 0) {
      const type = end === 'commit' ? envChange.commitTransaction : envChange.rollbackTransaction;
      writeEnvBytes(out, type, noBytes, this.#descriptor);
      this.#descriptor = noBytes;
    }
  }

  /** RESETCONNECTION (MS-TDS 2.2.3.1.2): the session as it was after login; SKIPTRAN keeps an open transaction. */
  async #reset(status: number): Promise<void> {
    const keep = packetStatus.resetConnectionSkipTransaction;
    if ((status & (packetStatus.resetConnection | keep)) === 0) {
      return;
    }
    const { engine, response } = this.#context;
    if ((status & keep) === 0 || this.#sql.transactionCount === 0) {
      const { database } = this;
      await this.#sql.close();
      this.#sql = await engine.login(this.#login);
      this.#procedures = new Procedures();
      this.#announceTransaction('rollback');
      if (this.database !== database) {
        response.databaseChange(this.database, database);
      }
    }
    // Without an old value, as at login: go-mssqldb cannot read one.
    writeEnvBytes(response.out, envChange.collation, defaultCollation.bytes, noBytes);
    writeEnvBytes(response.out, envChange.resetConnection, noBytes, noBytes);
  }

  #reported(error: unknown): SqlServerError {
    if (error instanceof SqlServerError) {
      return error;
    }
    this.#context.onInternalError(error);
    return new SqlServerError(8624, 'Internal error of the SQL Server stand-in; its log has the details.');
  }
}
