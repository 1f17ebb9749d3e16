import type { Readable } from 'node:stream';
import type sql from 'mssql';
import type { Connection } from 'tedious';
import { MigrationError } from '../errors.js';
import type { ColumnBatch } from '../rows/column-batch.js';
import { type ReadLimits, ResultDecoder, type StreamedColumn } from './wire/result-decoder.js';
import { type Diversion, divertNextAnswer } from './wire/tedious-seam.js';

export interface RowStreamOptions {
  readonly columns: readonly StreamedColumn[];
  readonly limits: Partial<ReadLimits>;
  /** Awaited before more rows are read; the batch is then used again. */
  readonly onBatch: (batch: ColumnBatch) => Promise<void>;
}

export interface StreamedRows {
  readonly rows: number;
  /** By column: texts in which something invalid was replaced. */
  readonly replaced: readonly number[];
}

/**
 * Runs a streaming request and hands its rows over in batches, with back-pressure: the socket is not read while a batch
 * is at work. Resolves once the server has confirmed the very number of rows in its final DONE and the last batch is
 * taken.
 * @param connection the one that the request will run on
 * @throws (rejects with) the driver's error, onBatch's error, what `ResultDecoder` throws, or MigrationError
 * SOURCE_CONNECTION for a result that ended without its DONE. After a rejection the request may still run: the caller
 * ends the session.
 */
export async function streamRows(
  request: sql.Request,
  connection: Connection,
  statement: string,
  options: RowStreamOptions,
): Promise<StreamedRows> {
  const { columns, limits, onBatch } = options;
  const reading = new Reading(columns, limits, onBatch);
  let confirmed: number | undefined;
  let restore: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      let failure: unknown;
      restore = divertNextAnswer(connection, (diversion) => reading.run(diversion).catch(reject), reject);
      request.on('rowsaffected', (count: number) => {
        confirmed = (confirmed ?? 0) + count;
      });
      request.on('error', (error: unknown) => {
        failure ??= error;
      });
      request.on('done', () => (failure === undefined ? resolve() : reject(failure)));
      // The outcome arrives as events; what the promise repeats of it must not go unhandled.
      request.query(statement).catch(reject);
    });
    return await reading.finish(confirmed);
  } finally {
    restore();
    reading.stop();
  }
}

/** One answer on its way from the socket to whoever takes its batches. */
class Reading {
  readonly #decoder: ResultDecoder;
  readonly #onBatch: RowStreamOptions['onBatch'];
  #diversion: Diversion | undefined;
  #stopped = false;

  constructor(
    columns: readonly StreamedColumn[],
    limits: Partial<ReadLimits>,
    onBatch: RowStreamOptions['onBatch'],
  ) {
    this.#decoder = new ResultDecoder(columns, limits, (token) => this.#diversion?.tokens.write(token));
    this.#onBatch = onBatch;
  }

  /** Reads the answer to its end, and lets tedious see that end only then. */
  async run(diversion: Diversion): Promise<void> {
    this.#diversion = diversion;
    const message: Readable & AsyncIterable<Buffer> = diversion.message;
    for await (const chunk of message) {
      this.#decoder.add(chunk);
      while (!this.#stopped && this.#decoder.next()) await this.#deliver();
      if (this.#stopped) return;
    }
    while (!this.#stopped && this.#decoder.end()) await this.#deliver();
    diversion.tokens.end();
  }

  /** Delivers the last batch, if the server has counted the same rows. */
  async finish(confirmed: number | undefined): Promise<StreamedRows> {
    const { rows, batch, counts } = this.#decoder;
    if (confirmed !== rows) throw incomplete(rows, confirmed);
    if (batch.rows > 0) await this.#onBatch(batch);
    return { rows, replaced: counts.map(({ replaced }) => replaced) };
  }

  /** No batch is handed over after this. */
  stop(): void {
    this.#stopped = true;
    this.#diversion?.message.destroy();
  }

  async #deliver(): Promise<void> {
    await this.#onBatch(this.#decoder.batch);
    this.#decoder.batchTaken();
  }
}

function incomplete(rows: number, confirmed: number | undefined): MigrationError {
  const said = confirmed === undefined ? 'its final DONE is missing' : `the server counted ${confirmed}`;
  return new MigrationError(
    'SOURCE_CONNECTION',
    `The result broke off: ${rows} rows arrived and ${said}. It is read again.`,
  );
}
