import { join } from 'node:path';
import type { DuckDbUse } from '../activities/dependencies.js';
import type { RunConfig } from '../config/run-config.js';
import { type DuckDb, type DuckDbLimits, openDuckDb } from '../engine/transform/duckdb.js';

/** A value is in the vector that DuckDB is fed, and some four times on its way into a file; one more is room. */
const copiesOfValue = 6;
/** For the parts of eight steps that hold no such value. */
const partsMegabytes = 512;

/**
 * What the process's DuckDB for a use may take. Parts are bounded by their own size and the steps in flight; their limit is
 * there for large values only, and has room for one of `maxValue`.
 */
export function duckDbLimits(
  { duckdb, maxValueBytes }: Pick<RunConfig, 'duckdb' | 'maxValueBytes'>,
  use: DuckDbUse,
): DuckDbLimits {
  if (use !== 'parts') return duckdb;
  const megabytes = partsMegabytes + copiesOfValue * Math.ceil(maxValueBytes / 2 ** 20);
  return { ...duckdb, memoryLimit: `${megabytes}MiB` };
}

/** The DuckDBs of one process, each opened when it is first asked for. */
export class EmbeddedDuckDb {
  readonly #opened = new Map<DuckDbUse, Promise<DuckDb>>();
  readonly #allowed = new Set<string>();

  constructor(private readonly spillDirectory: string) {}

  /** Opens it, or raises what it may take: a limit that an operator has raised holds from the next step on. */
  async of(config: Pick<RunConfig, 'duckdb' | 'maxValueBytes'>, use: DuckDbUse): Promise<DuckDb> {
    const limits = duckDbLimits(config, use);
    const duckdb = await this.#open(limits, use);
    const asked = JSON.stringify([use, limits, config.duckdb]);
    // Parts too take what the category allows, where that is more: MEMORY_FULL says to raise it.
    if (!this.#allowed.has(asked)) for (const allowed of [limits, config.duckdb]) await duckdb.allow(allowed);
    this.#allowed.add(asked);
    return duckdb;
  }

  #open(limits: DuckDbLimits, use: DuckDbUse): Promise<DuckDb> {
    const known = this.#opened.get(use);
    if (known !== undefined) return known;
    const opening = openDuckDb({ ...limits, spillDirectory: join(this.spillDirectory, use) });
    this.#opened.set(use, opening);
    // A disk that is full may have room later.
    opening.catch(() => this.#opened.delete(use));
    return opening;
  }

  async close(): Promise<void> {
    for (const opening of await Promise.allSettled(this.#opened.values()))
      if (opening.status === 'fulfilled') opening.value.close();
  }
}
