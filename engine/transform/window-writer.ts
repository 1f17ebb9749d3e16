import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../errors.js';
import {
  batchRows,
  type ColumnBatch,
  type ColumnVector,
  createVector,
  type WordVector,
} from '../rows/column-batch.js';
import { GroupSums } from '../rows/hash/group-sums.js';
import { createRowHasher, type RowHasher } from '../rows/hash/row-hasher.js';
import { packedBytes } from '../rows/packed-rows.js';
import type { Column, SetChecksum } from '../rows/types.js';
import { createWindowRouter, type DateWindow, type RouteRows } from '../rows/window-router.js';
import type { Bucket } from '../storage/bucket.js';
import { type ObjectKey, rangePartKey } from '../storage/keys.js';
import { mapInLanes } from '../storage/lanes.js';
import type { Part } from '../storage/manifest.js';
import { addChecksums, describeDifference, equalChecksums } from '../validation/set-checksum.js';
import { type DuckDb, makeScratch } from './duckdb.js';
import { PartNumbers } from './part-numbers.js';
import type { WrittenParts } from './part-writer.js';
import { openWindowTable, type WindowTable } from './window-table.js';

export interface WindowWriterOptions {
  readonly duckdb: DuckDb;
  readonly bucket: Bucket;
  readonly columns: readonly Column[];
  /** Of `columns`, the one that windows are cut by. */
  readonly chunkColumn: string;
  /** All of a plan; rows of those without a prefix are counted and left out. */
  readonly windows: readonly (DateWindow & { readonly prefix?: ObjectKey })[];
  /** Of the manifests that will name the parts. */
  readonly attempt: string;
  readonly range: { readonly ordinal: number; readonly attempt: string };
  /** Rows in a part file, at most. */
  readonly partRows: number;
  /** Bytes of the rows in a part, about; 32 MB if absent. */
  readonly partBytes?: number;
  /** Bytes of rows that are collected before they are parted, about; 256 MB if absent. */
  readonly heldBytes?: number;
  readonly spillDirectory: string;
  readonly signal: AbortSignal;
  /** Called when a part has been written. */
  readonly onPart: () => void;
  /** Called each second while the rows of other writers come first. */
  readonly onWaiting?: () => void;
}

type WrittenWindow = WrittenParts & { readonly window: number };
type WindowFile = { readonly window: number; readonly rows: number; readonly path: string };

export interface WindowWriter {
  /** Takes a batch; resolves when it is done with it and the next may come. One call at a time. */
  write(batch: ColumnBatch): Promise<void>;
  /** Writes what is left, and tells of each window that got rows (its place in the list) what was written of it. */
  finish(): Promise<{ readonly windows: readonly WrittenWindow[]; readonly checksum: SetChecksum }>;
  /** Frees everything local; to be called after any error, also while a call is under way. Uploaded parts stay. */
  abort(): Promise<void>;
}

const defaultPartBytes = 32 * 2 ** 20;
/**
 * The more, the larger parts become where rows of many windows come mixed: a window gets one with each that is full. It
 * counts against DuckDB's limit, beyond which it spills.
 */
const defaultHeldBytes = 256 * 2 ** 20;
/** From so many parts on it costs less to sort the rows once than to look at all of them for each part. */
const sortedFrom = 32;
/** Parts whose uploads are under way together. */
const uploads = 4;

/**
 * Parts rows that come in any order into the windows of a date column, each with Parquet parts of its own: they are
 * collected in one table, whose size has a bound whatever the number of windows, and copied out of it part by part.
 * Throws SOURCE_CHANGED for a row that lies in no window, and what `createPartWriter` throws.
 */
export function createWindowWriter(options: WindowWriterOptions): WindowWriter {
  return new TableWindowWriter(options);
}

class TableWindowWriter implements WindowWriter {
  readonly #options: WindowWriterOptions;
  readonly #chunkColumn: number;
  readonly #route: RouteRows;
  readonly #hasher: RowHasher;
  readonly #sums: GroupSums;
  readonly #windowOf = new Int32Array(batchRows);
  /** The number of each row's part: the last column of the table. */
  readonly #partOf = createVector('i32') as WordVector;
  readonly #numbers: PartNumbers;
  readonly #parts = new Map<number, Part[]>();
  readonly #scratch: string;
  #table: WindowTable | undefined;
  /** The write or finish under way, or the last one; never rejects. */
  #call: Promise<void> | undefined;
  #closed = false;
  #rows = 0;

  constructor(options: WindowWriterOptions) {
    const { columns, windows, partRows, partBytes = defaultPartBytes, spillDirectory } = options;
    this.#options = options;
    this.#chunkColumn = columns.findIndex(({ name }) => name === options.chunkColumn);
    const type = columns[this.#chunkColumn]?.type;
    if (type === undefined)
      throw new MigrationError('INTERNAL', `There is no column '${options.chunkColumn}' to part rows by.`);
    this.#route = createWindowRouter(type, windows);
    this.#hasher = createRowHasher(columns);
    this.#sums = new GroupSums(windows.length);
    this.#numbers = new PartNumbers(windows.length, partRows, partBytes);
    this.#scratch = join(spillDirectory, `parts-${randomUUID()}`);
  }

  async write(batch: ColumnBatch): Promise<void> {
    await this.#tracked(this.#take(batch));
  }

  async finish(): Promise<{ readonly windows: readonly WrittenWindow[]; readonly checksum: SetChecksum }> {
    await this.#tracked(this.#partOut());
    await this.abort();
    const windows = [...this.#parts].map(([window, parts]) => {
      const checksum = this.#sums.value(window);
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      return { window, parts, rows: parts.reduce((sum, part) => sum + part.rows, 0), bytes, checksum };
    });
    const checksum = this.#hasher.value();
    this.#requireWhole(windows, checksum);
    return { windows, checksum };
  }

  async abort(): Promise<void> {
    this.#closed = true;
    await this.#call;
    this.#table?.close();
    this.#table = undefined;
    await rm(this.#scratch, { recursive: true, force: true });
  }

  #tracked(call: Promise<void>): Promise<void> {
    this.#call = call.catch(() => undefined);
    return call;
  }

  async #take(batch: ColumnBatch): Promise<void> {
    const { heldBytes = defaultHeldBytes, signal } = this.#options;
    if (this.#closed) throw new Error('The window writer is closed.');
    signal.throwIfAborted();
    this.#hasher.add(batch);
    if (this.#number(batch)) {
      const columns: readonly ColumnVector[] = [...batch.columns, this.#partOf];
      this.#table ??= await this.#openTable();
      const table = this.#table;
      const range = { from: 0, count: batch.rows, ordinal: this.#rows };
      await table.append({ rows: batch.rows, columns }, range);
      if (table.bytes >= heldBytes) await this.#partOut();
    }
    this.#rows += batch.rows;
  }

  /** Gives each row the number of its part; false where no part takes any. */
  #number(batch: ColumnBatch): boolean {
    const { windows } = this.#options;
    const { rows } = batch;
    const { high, low } = this.#hasher.hashes;
    this.#route(batch.columns[this.#chunkColumn] as ColumnVector, rows, this.#windowOf);
    const rowBytes = packedBytes(batch, { from: 0, count: rows }) / rows;
    let taken = false;
    for (let row = 0; row < rows; row += 1) {
      const window = this.#windowOf[row] as number;
      if (window < 0) throw this.#inNoWindow(rows);
      this.#sums.add(window, high[row] as number, low[row] as number);
      const wanted = windows[window]?.prefix !== undefined;
      this.#partOf.data[row] = wanted ? this.#numbers.next(window, rowBytes) : -1;
      taken ||= wanted;
    }
    return taken;
  }

  #inNoWindow(rows: number): MigrationError {
    const lost = this.#windowOf.subarray(0, rows).filter((window) => window < 0).length;
    return new MigrationError(
      'SOURCE_CHANGED',
      `${lost} rows lie in no window of the plan: they came after it. Make sure that nobody writes, then start the category again.`,
    );
  }

  /** What was parted is what was read, row by row of its hash, and each window's rows are in its files. */
  #requireWhole(written: readonly WrittenWindow[], read: SetChecksum): void {
    const all = addChecksums(this.#options.windows.map((_, window) => this.#sums.value(window)));
    const torn = written.find(({ rows, checksum }) => rows !== checksum.rows);
    if (torn === undefined && equalChecksums(read, all)) return;
    const what =
      torn === undefined
        ? describeDifference(read, all, ['what was read', 'the sum of the windows'])
        : `${torn.checksum.rows} rows of a window were read and ${torn.rows} written`;
    throw new MigrationError(
      'CHECKSUM_EXPORT',
      `Parting rows into windows failed: ${what}. Retry the chunks.`,
    );
  }

  async #openTable(): Promise<WindowTable> {
    const { columns } = this.#options;
    const names = columns.map(({ name }) => name.toLowerCase());
    let name = 'part';
    while (names.includes(name)) name += '_';
    const number: Column = { name, type: { kind: 'int', bits: 32 }, nullable: false };
    const table = await openWindowTable({ ...this.#options, columns: [...columns, number] });
    try {
      await table.clear();
    } catch (error) {
      table.close();
      throw error;
    }
    return table;
  }

  /** Copies all that is held out of the table, some parts at a time, and empties it. */
  async #partOut(): Promise<void> {
    const table = this.#table;
    if (table === undefined || table.rows === 0) return;
    await makeScratch(this.#scratch);
    const held = this.#numbers.take();
    if (held.length >= sortedFrom) await table.sortByNumber();
    for (let at = 0; at < held.length; at += uploads) {
      const files = [];
      for (const { number, window, rows } of held.slice(at, at + uploads)) {
        const path = join(this.#scratch, `${number}.parquet`);
        await table.copyTo(path, { number, rows });
        files.push({ window, rows, path });
      }
      await mapInLanes(files, this.#options.signal, (file) => this.#ship(file));
    }
    await table.clear();
  }

  async #ship({ window, rows, path }: WindowFile): Promise<void> {
    const { bucket, windows, attempt, range, signal, onPart } = this.#options;
    const prefix = windows[window]?.prefix;
    if (prefix === undefined) throw new MigrationError('INTERNAL', 'A part has no window to go to.');
    const parts = this.#parts.get(window) ?? [];
    this.#parts.set(window, parts);
    const key = rangePartKey(prefix, attempt, range, parts.length);
    const part = { key, rows, bytes: 0 };
    parts.push(part);
    const bytes = await bucket.putFile(key, path, signal);
    parts[parts.indexOf(part)] = { key, rows, bytes };
    await rm(path);
    onPart();
  }
}
