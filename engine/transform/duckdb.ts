import { mkdir } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { MigrationError } from '../errors.js';

export interface DuckDbOptions {
  /** As DuckDB writes it: `2GB`. Past it, work spills to `spillDirectory`. */
  readonly memoryLimit: string;
  readonly threads: number;
  readonly spillDirectory: string;
}

/** One per process; every piece of work takes a session of its own and closes it. */
export interface DuckDb {
  openSession(signal: AbortSignal): Promise<DuckDbSession>;
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
   * Runs work on the connection with this session's error map: DISK_FULL, TRANSFORM_FAILED for all else;
   * the signal's reason once it is aborted.
   */
  guarded<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  close(): void;
}

/** Opens the embedded DuckDB. Throws DISK_FULL or STORAGE_ACCESS where the spill directory cannot be used. */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDb> {
  await mkdir(options.spillDirectory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    temp_directory: options.spillDirectory,
    // Order of rows means nothing here, and keeping it costs memory.
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
  });
  return {
    openSession: async (signal) => {
      signal.throwIfAborted();
      return new Session(await instance.connect(), signal);
    },
    close: () => instance.closeSync(),
  };
}

class Session implements DuckDbSession {
  readonly #signal: AbortSignal;
  readonly #interrupt: () => void;

  constructor(
    readonly connection: DuckDBConnection,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    this.#interrupt = () => connection.interrupt();
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
    this.connection.closeSync();
  }
}

/**
 * DuckDB's message may quote values of rows ("Could not convert string '…'"), so only its kind is passed on.
 */
export function duckDbError(error: unknown): MigrationError {
  if (error instanceof MigrationError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/no space left|disk quota|max_temp_directory_size|failed to offload/i.test(message)) {
    return new MigrationError(
      'DISK_FULL',
      'No disk space left for spilling; free some, or set a larger disk.',
    );
  }
  const kind = /^[A-Za-z -]+ Error/.exec(message)?.[0] ?? 'Error';
  return new MigrationError('TRANSFORM_FAILED', `DuckDB: ${kind}.`);
}
