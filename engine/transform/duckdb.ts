import { mkdir } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { MigrationError } from '../errors.js';
import type { PackedRows } from '../rows/packed-rows.js';
import { fileError, textField } from '../storage/storage-error.js';
import { type FedRows, RowFeed } from './row-feed.js';
import { duckdbLiteral } from './sql-text.js';
import { Turn } from './turn.js';

export interface DuckDbLimits {
  /** As DuckDB writes it: `2GB`. Past it, work spills to the spill directory. */
  readonly memoryLimit: string;
  readonly threads: number;
}

export interface DuckDbOptions extends DuckDbLimits {
  readonly spillDirectory: string;
}

/** Every piece of work takes a session of its own and closes it. */
export interface DuckDb {
  /** `waiting` hears each second that work of the session waits for its turn (`alone`). */
  openSession(signal: AbortSignal, waiting?: () => void): Promise<DuckDbSession>;
  /** Allows that much, where less is allowed so far; never less, as work under way may hold it. */
  allow(limits: DuckDbLimits): Promise<void>;
  /** Ends all sessions and frees the memory. */
  close(): void;
}

/** A connection: its temporary tables and views are seen by nobody else and go when it closes. */
export interface DuckDbSession {
  readonly connection: DuckDBConnection;
  run(sql: string): Promise<void>;
  /** All rows of a small result, each an object by column name. */
  rows<T>(sql: string): Promise<readonly T[]>;
  /**
   * Runs work on the connection with this session's error map: DISK_FULL, MEMORY_FULL, TRANSFORM_FAILED for all else;
   * the signal's reason once it is aborted.
   */
  guarded<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /**
   * Runs work while no other session runs work of this kind: what needs memory for all of its rows, as joins do, which
   * each would fit within the limit, and together would not. Where the memory does not do, it runs once more, with one
   * thread; so it must be able to.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Lets statements of this session read the rows, which must stay as they are until the feed is closed. */
  feed(rows: PackedRows): FedRows;
  /** To be called when none of its statements runs any more. */
  close(): void;
}

/** Opens the embedded DuckDB. Throws DISK_FULL or STORAGE_ACCESS where the spill directory cannot be used. */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDb> {
  await makeScratch(options.spillDirectory);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    temp_directory: options.spillDirectory,
    // Order of rows means nothing to a transform, and keeping it there costs memory.
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    // Files are read once or twice, soon after they were written: the system has them in memory already.
    enable_external_file_cache: 'false',
    // What is freed goes back to the system as soon as a task ends, not only once there are 128 MB of it.
    allocator_flush_threshold: '4MB',
    allocator_background_threads: 'true',
  });
  const connection = await instance.connect();
  const feed = new RowFeed(connection);
  connection.closeSync();
  return new Instance(instance, feed, options);
}

class Instance implements DuckDb {
  readonly #instance: DuckDBInstance;
  readonly #turn = new Turn();
  #memoryBytes: number;
  #threads: number;

  constructor(
    instance: DuckDBInstance,
    private readonly feed: RowFeed,
    { memoryLimit, threads }: DuckDbLimits,
  ) {
    this.#instance = instance;
    this.#memoryBytes = bytesOf(memoryLimit);
    this.#threads = threads;
  }

  async openSession(signal: AbortSignal, waiting?: () => void): Promise<DuckDbSession> {
    signal.throwIfAborted();
    const connection = await this.#instance.connect();
    const alone: DuckDbSession['alone'] = (work) => this.#turn.of(() => this.#fitting(work), signal, waiting);
    return new Session(connection, signal, alone, (rows) => this.feed.open(rows));
  }

  async allow({ memoryLimit, threads }: DuckDbLimits): Promise<void> {
    const settings: string[] = [];
    if (bytesOf(memoryLimit) > this.#memoryBytes) {
      this.#memoryBytes = bytesOf(memoryLimit);
      settings.push(`memory_limit = ${duckdbLiteral(memoryLimit)}`);
    }
    if (threads > this.#threads) {
      this.#threads = threads;
      settings.push(`threads = ${threads}`);
    }
    for (const setting of settings) await this.#set(setting);
  }

  /** Rows on their way through a thread cannot spill: wide ones fit through one where they do not through several. */
  async #fitting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'MEMORY_FULL' || this.#threads === 1)
        throw error;
    }
    await this.#set('threads = 1');
    try {
      return await work();
    } finally {
      await this.#set(`threads = ${this.#threads}`);
    }
  }

  /** For all sessions; on a connection of its own, which nothing interrupts. */
  async #set(setting: string): Promise<void> {
    const connection = await this.#instance.connect();
    try {
      await connection.run(`SET ${setting}`);
    } catch (error) {
      throw duckDbError(error);
    } finally {
      connection.closeSync();
    }
  }

  close(): void {
    this.#instance.closeSync();
  }
}

const powers = ['KB', 'MB', 'GB', 'TB'];

/** Of a size as DuckDB writes it: `1.5 GiB`, `160MB`. */
function bytesOf(size: string): number {
  const [, number, unit = ''] = /^([\d.]+) ?(\w+)$/.exec(size) ?? [];
  const power = 1 + powers.indexOf(unit.replace('i', ''));
  return Number(number) * (unit.includes('i') ? 1_024 : 1_000) ** power;
}

const interruptAgainMs = 500;

class Session implements DuckDbSession {
  readonly #signal: AbortSignal;
  readonly #interrupt: () => void;
  #interrupting: NodeJS.Timeout | undefined;

  constructor(
    readonly connection: DuckDBConnection,
    signal: AbortSignal,
    readonly alone: DuckDbSession['alone'],
    readonly feed: DuckDbSession['feed'],
  ) {
    this.#signal = signal;
    this.#interrupt = () => {
      connection.interrupt();
      // A statement that is still waiting for a thread does not hear it, and would run to its end.
      this.#interrupting = setInterval(() => connection.interrupt(), interruptAgainMs);
    };
    signal.addEventListener('abort', this.#interrupt, { once: true });
  }

  async run(sql: string): Promise<void> {
    await this.guarded((connection) => connection.run(sql));
  }

  async rows<T>(sql: string): Promise<readonly T[]> {
    const reader = await this.guarded((connection) => connection.runAndReadAll(sql));
    return reader.getRowObjects() as unknown as readonly T[];
  }

  async guarded<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    try {
      return await work(this.connection);
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw duckDbError(error);
    }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#interrupt);
    clearInterval(this.#interrupting);
    this.connection.closeSync();
  }
}

/** Creates a directory for files that live as long as one piece of work; DISK_FULL or STORAGE_ACCESS. */
export async function makeScratch(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(error, `Cannot create ${path}`);
  }
}

/** What to do about a kind of DuckDB error; its message may quote values of rows, so only the kind is passed on. */
const hints: Readonly<Record<string, string>> = {
  'Conversion Error': 'An expression of the transform meets a value that it cannot convert.',
  'Out of Range Error': 'An expression of the transform meets a value outside of its type.',
  'Invalid Input Error': 'An expression of the transform meets a value that it cannot take.',
};

function duckDbError(error: unknown): MigrationError {
  if (error instanceof MigrationError) return error;
  const message = textField(error, 'message') ?? String(error);
  if (/no space left|disk quota|max_temp_directory_size|failed to offload/i.test(message)) {
    return new MigrationError(
      'DISK_FULL',
      'No disk space left for spilling; free some, or set a larger disk.',
    );
  }
  if (/^Out of Memory Error|failed to pin block|failed to allocate|could not allocate/i.test(message)) {
    return new MigrationError(
      'MEMORY_FULL',
      'Rows do not fit into the memory that DuckDB may take. Raise duckdb.memoryLimit in the category file, reload the run, then retry.',
    );
  }
  const kind = /^[A-Za-z -]+ Error/.exec(message)?.[0] ?? 'Error';
  if (kind === 'IO Error') {
    return new MigrationError('STORAGE_IO', 'DuckDB cannot read or write a file of its scratch directory.');
  }
  return new MigrationError('TRANSFORM_FAILED', `DuckDB: ${kind}. ${hints[kind] ?? ''}`.trimEnd());
}
