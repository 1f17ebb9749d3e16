import type { Socket } from 'node:net';
import sql from 'mssql';
import type { Connection } from 'tedious';
import { MigrationError } from '../errors.js';
import type { ColumnBatch } from '../rows/column-batch.js';
import { requestError, type SourcePlace, sourceError } from './errors.js';
import { bindParameters, type SqlParameter } from './parameters.js';
import { type StreamedRows, streamRows } from './row-stream.js';
import type { ReadLimits, StreamedColumn } from './wire/result-decoder.js';

/** How the statements of one chunk come to see one state of the data; `rcsi` and `quiesced` need no transaction. */
export type Consistency = 'snapshot' | 'rcsi' | 'quiesced';

export interface SourceReader {
  readonly place: SourcePlace;
  /**
   * Rows of one small result, as objects by column name (bigint arrives as string, decimal must not be asked for).
   * @param signal ends the session when it aborts
   * @throws MigrationError SOURCE_* out of the error map; the reason of `signal`
   */
  query<T>(statement: string, params?: readonly SqlParameter[], signal?: AbortSignal): Promise<readonly T[]>;
  /**
   * Streams the one result of a statement in batches, in the types of `columns`, which are also those that it must
   * have; no more rows are read while `onBatch` works, and the batch is used again
   * when it is done. The rows are counted here and confirmed by the server.
   * @throws MigrationError SOURCE_*, WIRE_PROTOCOL, VALUE_UNREPRESENTABLE; the reason of `signal`; what `onBatch`
   * throws. The session is then closed, except after an error that the server reported.
   */
  stream(
    statement: string,
    params: readonly SqlParameter[],
    columns: readonly StreamedColumn[],
    onBatch: (batch: ColumnBatch) => Promise<void>,
    signal?: AbortSignal,
    limits?: Partial<ReadLimits>,
  ): Promise<StreamedRows>;
}

/** One login on a source server: one connection, statements one after another. */
export interface SourceSession extends SourceReader {
  /**
   * Calls a stored procedure and gives its return value.
   * @throws MigrationError SOURCE_*; the reason for which the session was ended
   */
  call(procedure: string, params: readonly SqlParameter[]): Promise<number>;
  /** Runs `work` in one SNAPSHOT transaction, or as it is where the category chose another consistency. */
  inSnapshot<T>(level: Consistency, work: (tx: SourceReader) => Promise<T>): Promise<T>;
  /** Ends the session within a fraction of a second, whatever runs; that rejects with `reason`. */
  cancel(reason: unknown): void;
  /** Logs out; resolves when the server knows of it. Idempotent. */
  close(): Promise<void>;
}

const readCommitted = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';
/** Time for the ATTENTION to reach the server before the socket is destroyed. */
const attentionMs = 100;
/** A log-out that takes longer is cut off. */
const closeMs = 2_000;

export class MssqlSession implements SourceSession {
  readonly place: SourcePlace;
  readonly #pool: sql.ConnectionPool;
  readonly #connection: Connection;
  readonly #ended = withReject();
  #transaction: sql.Transaction | undefined;
  #leavingSnapshot = false;
  #request: sql.Request | undefined;
  #streaming = false;
  /** Settles when the statement before has ended: a connection carries one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;

  /** @param connection the pool's only connection, to be cut off in a hurry */
  constructor(place: SourcePlace, pool: sql.ConnectionPool, connection: Connection) {
    this.place = place;
    this.#pool = pool;
    this.#connection = connection;
  }

  async query<T>(
    statement: string,
    params: readonly SqlParameter[] = [],
    signal?: AbortSignal,
  ): Promise<readonly T[]> {
    return this.#run(params, signal, async (request) => {
      const result = await request.query<T>(statement);
      // The driver keeps a recordset only once its DONE has come.
      if (result.recordset === undefined) throw this.#brokenOff();
      return result.recordset;
    });
  }

  async call(procedure: string, params: readonly SqlParameter[]): Promise<number> {
    return this.#run(params, undefined, async (request) => {
      const { returnValue } = await request.execute<unknown>(procedure);
      // Absent where the answer broke off before it.
      if (typeof returnValue !== 'number') throw this.#brokenOff();
      return returnValue;
    });
  }

  async stream(
    statement: string,
    params: readonly SqlParameter[],
    columns: readonly StreamedColumn[],
    onBatch: (batch: ColumnBatch) => Promise<void>,
    signal?: AbortSignal,
    limits: Partial<ReadLimits> = {},
  ): Promise<StreamedRows> {
    return this.#run(params, signal, async (request) => {
      request.stream = true;
      this.#streaming = true;
      try {
        return await streamRows(request, this.#connection, statement, { columns, limits, onBatch });
      } catch (error) {
        // Rows may still be on their way, and nobody wants them.
        if (!(error instanceof sql.MSSQLError)) this.cancel(error);
        throw error;
      } finally {
        this.#streaming = false;
      }
    });
  }

  async inSnapshot<T>(level: Consistency, work: (tx: SourceReader) => Promise<T>): Promise<T> {
    if (level !== 'snapshot') return work(this);
    if (this.#transaction !== undefined)
      throw new MigrationError('INTERNAL', 'Transactions cannot be nested.');
    const transaction = new sql.Transaction(this.#pool);
    await this.#guard(transaction.begin(sql.ISOLATION_LEVEL.SNAPSHOT));
    this.#transaction = transaction;
    try {
      const result = await work(this);
      await this.#guard(transaction.commit());
      return result;
    } catch (error) {
      // The server rolls back what it aborted or lost by itself; the first error is the one to tell.
      await transaction.rollback().catch(() => undefined);
      throw error;
    } finally {
      this.#transaction = undefined;
      this.#leavingSnapshot = true;
    }
  }

  /** The isolation level outlives the transaction that it came with; most sessions end there, and ask nothing more. */
  async #leaveSnapshot(): Promise<void> {
    if (!this.#leavingSnapshot || this.#transaction !== undefined) return;
    await this.#guard(new sql.Request(this.#pool).batch(readCommitted));
    this.#leavingSnapshot = false;
  }

  cancel(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const cut = () => {
      this.#connection.close();
      this.#ended.reject(reason);
    };
    // In the middle of a result the server may not look at an ATTENTION before the result has been read.
    if (this.#request === undefined || this.#streaming) {
      cut();
    } else {
      this.#request.cancel();
      setTimeout(cut, attentionMs);
    }
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#ended.reject(sourceError('SOURCE_CONNECTION', this.place, 'the session is closed'));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs);
    });
    const loggedOut = hangUp(this.#connection).then(() => this.#pool.close().catch(() => undefined));
    await Promise.race([loggedOut, late]);
    clearTimeout(timer);
    this.#connection.close();
  }

  #run<T>(
    params: readonly SqlParameter[],
    signal: AbortSignal | undefined,
    work: (request: sql.Request) => Promise<T>,
  ): Promise<T> {
    const outcome = this.#turn.then(() => this.#runNow(params, signal, work));
    this.#turn = outcome.catch(() => undefined);
    return outcome;
  }

  async #runNow<T>(
    params: readonly SqlParameter[],
    signal: AbortSignal | undefined,
    work: (request: sql.Request) => Promise<T>,
  ): Promise<T> {
    if (this.#stopped) return this.#ended.promise;
    await this.#leaveSnapshot();
    signal?.throwIfAborted();
    const onAbort = () => this.cancel(signal?.reason);
    const request =
      this.#transaction === undefined ? new sql.Request(this.#pool) : new sql.Request(this.#transaction);
    bindParameters(request, params);
    this.#request = request;
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#guard(work(request));
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#request = undefined;
    }
  }

  /** The outcome of `work`, with driver errors mapped; or, once the session is stopped, the reason for that. */
  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#ended.promise]);
    } catch (error) {
      if (this.#stopped) return this.#ended.promise;
      throw error instanceof sql.MSSQLError ? requestError(error, this.place) : error;
    }
  }

  #brokenOff(): MigrationError {
    return sourceError(
      'SOURCE_CONNECTION',
      this.place,
      'a result broke off before its final DONE; it is read again',
    );
  }
}

/** Resolves when the server has hung up as well: until then it may still count the session as one of its own. */
function hangUp(connection: Connection): Promise<void> {
  const { socket } = connection as unknown as { readonly socket?: Socket };
  if (socket === undefined || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.end();
  });
}

interface Rejectable {
  readonly promise: Promise<never>;
  readonly reject: (reason: unknown) => void;
}

function withReject(): Rejectable {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}
