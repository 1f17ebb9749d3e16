import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnBatch } from '../rows/column-batch.js';
import { createRowHasher, type RowHasher } from '../rows/hash/row-hasher.js';
import { PackedRows, packedBytes } from '../rows/packed-rows.js';
import type { Column, SetChecksum } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import { type ObjectKey, partKey } from '../storage/keys.js';
import type { Part } from '../storage/manifest.js';
import { type DuckDb, type DuckDbSession, makeScratch } from './duckdb.js';
import { writeParquet } from './parquet-file.js';

export interface PartWriterOptions {
  readonly duckdb: DuckDb;
  readonly bucket: Bucket;
  readonly prefix: ObjectKey;
  readonly attempt: string;
  readonly columns: readonly Column[];
  /** Rows in a part file, at most. */
  readonly partRows: number;
  /** Bytes of the rows in a part, about; 16 MB if absent. */
  readonly partBytes?: number;
  /** Part files rest here until they are uploaded; removed by finish and abort. */
  readonly spillDirectory: string;
  readonly signal: AbortSignal;
  /** Called each second while parts of other writers come first. */
  readonly onWaiting?: () => void;
}

/**
 * Some 150,000 rows of 100 bytes. Each chunk in flight holds so much: at 32 MB four of them took 13 to 40 MB more, and were no
 * faster.
 */
const defaultPartBytes = 16 * 2 ** 20;

export interface WrittenParts {
  readonly parts: readonly Part[];
  readonly rows: number;
  readonly bytes: number;
  /** Over the columns, of the rows as they came. */
  readonly checksum: SetChecksum;
}

export interface PartWriter {
  /** Takes a batch; resolves when it is done with it and the next may come. One call at a time. */
  write(batch: ColumnBatch): Promise<void>;
  /** Writes what is left and tells what was written; no rows, no parts. */
  finish(): Promise<WrittenParts>;
  /**
   * Frees everything local; to be called after any error, also while a call is still under way: it ends that call and
   * waits for it. Uploaded parts stay as leftovers of the attempt. No write or finish may follow.
   */
  abort(): Promise<void>;
}

/**
 * Writes rows to Parquet parts under `<prefix><attempt>/`. While at most `partRows` rows are written, the next are collected:
 * memory holds both. Throws the errors of the bucket and of DuckDB, VALUE_UNREPRESENTABLE,
 * CHECKSUM_EXPORT for a part file that does not hold its rows, and the signal's reason.
 */
export function createPartWriter(options: PartWriterOptions): PartWriter {
  return new DuckDbPartWriter(options);
}

class DuckDbPartWriter implements PartWriter {
  readonly #options: PartWriterOptions;
  /** Made with the first part: a window without rows touches no disk. */
  readonly #scratch: string;
  readonly #shipped: Part[] = [];
  readonly #hasher: RowHasher;
  #filling: PackedRows;
  #session: DuckDbSession | undefined;
  #shipping: Promise<void> | undefined;
  /** The write or finish under way, or the last one; never rejects. */
  #call: Promise<void> | undefined;
  #closed = false;
  #parts = 0;
  #rows = 0;

  constructor(options: PartWriterOptions) {
    this.#options = options;
    this.#hasher = createRowHasher(options.columns);
    this.#filling = new PackedRows(options.columns);
    this.#scratch = join(options.spillDirectory, `parts-${randomUUID()}`);
  }

  async write(batch: ColumnBatch): Promise<void> {
    await this.#tracked(this.#fill(batch));
  }

  async finish(): Promise<WrittenParts> {
    await this.#tracked(this.#shipAll());
    await this.abort();
    const parts = this.#shipped;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    return { parts, rows: this.#rows, bytes, checksum: this.#hasher.value() };
  }

  async abort(): Promise<void> {
    this.#closed = true;
    await this.#call;
    await this.#shipping?.catch(() => undefined);
    this.#filling.clear();
    this.#session?.close();
    this.#session = undefined;
    if (this.#parts > 0) await rm(this.#scratch, { recursive: true, force: true });
  }

  #tracked(call: Promise<void>): Promise<void> {
    this.#call = call.catch(() => undefined);
    return call;
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new Error('The part writer is closed.');
  }

  async #fill(batch: ColumnBatch): Promise<void> {
    const { partRows, partBytes = defaultPartBytes, signal } = this.#options;
    this.#throwIfClosed();
    this.#hasher.add(batch);
    for (let from = 0; from < batch.rows; ) {
      signal.throwIfAborted();
      const part = this.#filling;
      const most = Math.min(batch.rows - from, partRows - part.rows);
      const count = rowsWithin(partBytes - part.bytes, batch, from, most);
      part.append(batch, { from, count, ordinal: this.#rows });
      from += count;
      this.#rows += count;
      if (part.rows === partRows || part.bytes >= partBytes) await this.#ship();
    }
  }

  async #shipAll(): Promise<void> {
    this.#throwIfClosed();
    if (this.#filling.rows > 0) await this.#ship();
    await this.#shipping;
  }

  /**
   * Waits for the part before this one, and for this one's turn to be written: writers whose parts are full do not each
   * begin another, so that the process has the rows of one part more in memory than it has writers.
   */
  async #ship(): Promise<void> {
    await this.#shipping;
    this.#throwIfClosed();
    const rows = this.#filling;
    this.#filling = new PackedRows(rows.columns);
    const index = this.#parts;
    this.#parts += 1;
    await new Promise<void>((begun) => {
      this.#shipping = this.#write(rows, index, begun);
      // What it throws, the next part's write or finish throws; until then it is no unhandled rejection.
      this.#shipping.then(begun, begun);
    });
  }

  async #write(rows: PackedRows, index: number, begun: () => void): Promise<void> {
    const { bucket, prefix, attempt, signal, duckdb, onWaiting } = this.#options;
    const path = join(this.#scratch, `${index}.parquet`);
    await makeScratch(this.#scratch);
    this.#session ??= await duckdb.openSession(signal, onWaiting);
    const session = this.#session;
    const part = { key: partKey(prefix, attempt, index), rows: rows.rows };
    const writing = session.alone(async () => {
      begun();
      await writeParquet(session, rows, path);
    });
    await writing.finally(() => rows.clear());
    const bytes = await bucket.putFile(part.key, path, signal);
    await rm(path);
    this.#shipped.push({ ...part, bytes });
  }
}

/** How many rows from `from` on, at most `most` and at least one, take no more than about `bytes`. */
function rowsWithin(bytes: number, batch: ColumnBatch, from: number, most: number): number {
  let count = most;
  while (count > 1 && packedBytes(batch, { from, count }) > bytes) count = Math.ceil(count / 2);
  return count;
}
