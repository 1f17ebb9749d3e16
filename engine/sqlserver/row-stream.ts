import type sql from 'mssql';
import { MigrationError } from '../errors.js';
import type { Cell, Column, RowBatch } from '../rows/types.js';
import { type CellDecoder, cellDecoder } from './cells.js';

/** Characters of text after which a batch is handed over, however few its rows: `max` columns have no other end. */
const batchCharacters = 16 * 1024 * 1024;

export interface RowStreamOptions {
  readonly columns: readonly Column[];
  /** At most; fewer where their text is long. */
  readonly batchRows: number;
  /** Awaited before more rows are read. */
  readonly onBatch: (batch: RowBatch) => Promise<void>;
}

/**
 * Runs a streaming request and hands its rows over in batches, with back-pressure: the request is paused while a
 * batch is at work. Resolves with the number of rows once the server has confirmed that very number in its final
 * DONE and the last batch is taken.
 * @throws (rejects with) the driver's error, onBatch's error, or MigrationError SOURCE_CONNECTION for a result
 * that ended without its DONE. After a rejection the request may still run: the caller ends the session.
 */
export function streamRows(
  request: sql.Request,
  statement: string,
  options: RowStreamOptions,
): Promise<number> {
  const { columns, batchRows, onBatch } = options;
  const collector = new RowCollector(columns);
  return new Promise<number>((resolve, reject) => {
    let rows = 0;
    let confirmed: number | undefined;
    let failure: unknown;
    let delivery: Promise<void> = Promise.resolve();

    const deliver = (): void => {
      const batch = collector.take();
      delivery = delivery.then(() => onBatch(batch));
    };
    request.on('recordset', (described: readonly unknown[]) => {
      if (described.length !== columns.length) {
        reject(
          new MigrationError('INTERNAL', `${described.length} columns arrived for ${columns.length} asked.`),
        );
      }
    });
    request.on('row', (row: readonly unknown[]) => {
      try {
        collector.add(row);
      } catch (error) {
        return reject(error);
      }
      rows += 1;
      if (collector.rows < batchRows && collector.characters < batchCharacters) return;
      request.pause();
      deliver();
      delivery.then(() => request.resume(), reject);
    });
    request.on('rowsaffected', (count: number) => {
      confirmed = (confirmed ?? 0) + count;
    });
    request.on('error', (error: unknown) => {
      failure ??= error;
    });
    request.on('done', () => {
      if (failure !== undefined) return reject(failure);
      if (confirmed !== rows) return reject(incomplete(rows, confirmed));
      if (collector.rows > 0) deliver();
      delivery.then(() => resolve(rows), reject);
    });
    // The outcome arrives as events; what the promise repeats of it must not go unhandled.
    request.query(statement).catch(reject);
  });
}

function incomplete(rows: number, confirmed: number | undefined): MigrationError {
  const said = confirmed === undefined ? 'its final DONE is missing' : `the server counted ${confirmed}`;
  return new MigrationError(
    'SOURCE_CONNECTION',
    `The result broke off: ${rows} rows arrived and ${said}. It is read again.`,
  );
}

/** Transposes rows into column arrays. */
class RowCollector {
  readonly #decoders: readonly CellDecoder[];
  #columns: Cell[][];
  rows = 0;
  characters = 0;

  constructor(columns: readonly Column[]) {
    this.#decoders = columns.map(cellDecoder);
    this.#columns = columns.map(() => []);
  }

  add(row: readonly unknown[]): void {
    for (let at = 0; at < this.#decoders.length; at += 1) {
      const decode = this.#decoders[at] as CellDecoder;
      const cell = decode(row[at]);
      if (typeof cell === 'string') this.characters += cell.length;
      (this.#columns[at] as Cell[]).push(cell);
    }
    this.rows += 1;
  }

  take(): RowBatch {
    const batch = { rows: this.rows, columns: this.#columns };
    this.#columns = this.#columns.map(() => []);
    this.rows = 0;
    this.characters = 0;
    return batch;
  }
}
