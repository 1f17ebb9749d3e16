import type { RunConfig, TargetConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { exportFingerprint, rawFingerprint, transformedFingerprint } from '../engine/plan/fingerprint.js';
import { loadChunk } from '../engine/postgres/control/chunks.js';
import { loadRun } from '../engine/postgres/control/runs.js';
import { listSourceTables, type PlannedSource } from '../engine/postgres/control/source-tables.js';
import type { Chunk } from '../engine/postgres/control/types.js';
import { type ObjectKey, rawPrefix, transformedPrefix } from '../engine/storage/keys.js';
import type { ChunkRef } from './contract.js';
import type { Dependencies } from './dependencies.js';

/** A run works to its end with what it was opened with: its own row in migration_control.run, never the files. */
export type RunContext = { readonly runId: string; readonly config: RunConfig };

const keptRuns = 64;

/** Remembers the configuration of recent runs; a run's row never changes once it is written. */
export class RunContexts {
  readonly #contexts = new Map<string, Promise<RunContext>>();

  constructor(private readonly deps: Dependencies) {}

  async of(runId: string): Promise<RunContext> {
    const known = this.#contexts.get(runId);
    if (known !== undefined) return known;
    const loading = loadRun(this.deps.target, runId).then((run) => ({
      runId,
      config: run.config as RunConfig,
    }));
    this.#contexts.set(runId, loading);
    loading.catch(() => this.#contexts.delete(runId));
    const [oldest] = this.#contexts.keys();
    if (this.#contexts.size > keptRuns && oldest !== undefined) this.#contexts.delete(oldest);
    return loading;
  }

  /** Everything that the steps of one chunk need to know. */
  async chunk({ runId, chunkId }: ChunkRef): Promise<ChunkContext> {
    const { config } = await this.of(runId);
    const chunk = await loadChunk(this.deps.target, chunkId);
    const target = targetOf(config, chunk.target);
    const sources = await listSourceTables(this.deps.target, runId, chunk);
    return {
      runId,
      config,
      chunk,
      target,
      sources: sources.map((source) => rawSource(chunk, target, source)),
    };
  }
}

export interface ChunkContext extends RunContext {
  readonly chunk: Chunk;
  readonly target: TargetConfig;
  readonly sources: readonly RawSource[];
}

/** One source table of a chunk: what to read, and where it rests in the raw bucket. */
export interface RawSource extends PlannedSource {
  /** `schema.table`, as the control tables call it. */
  readonly subject: string;
  readonly prefix: ObjectKey;
  readonly fingerprint: string;
}

function rawSource(chunk: Chunk, target: TargetConfig, planned: PlannedSource): RawSource {
  const { schema, table } = planned;
  const source = target.sources.find((candidate) => candidate.schema === schema && candidate.table === table);
  if (source === undefined)
    throw new MigrationError(
      'INTERNAL',
      `${schema}.${table} is planned for ${target.name}, but is no source of it.`,
    );
  const { category, server, database, window } = chunk;
  return {
    ...planned,
    subject: `${schema}.${table}`,
    prefix: rawPrefix({
      category,
      target: target.name,
      server,
      database,
      schema,
      table,
      window: window.label,
    }),
    fingerprint: exportFingerprint(
      rawFingerprint({ server, database, source, columns: planned.columns, window }),
      chunk.epoch,
    ),
  };
}

export function targetOf(config: RunConfig, name: string): TargetConfig {
  const target = config.targets.find((candidate) => candidate.name === name);
  if (target === undefined)
    throw new MigrationError('INTERNAL', `The run of ${config.category} has no target '${name}'.`);
  return target;
}

export function transformedPlace(
  { chunk, target }: ChunkContext,
  rawAttempt: string,
): { readonly prefix: ObjectKey; readonly fingerprint: string } {
  const { category, server, database, window } = chunk;
  return {
    prefix: transformedPrefix({ category, target: target.name, server, database, window: window.label }),
    fingerprint: transformedFingerprint(chunk.fingerprint, rawAttempt),
  };
}

/** How messages name a chunk. */
export function placeOf({ chunk }: ChunkContext): string {
  return `${chunk.target} ${chunk.server}/${chunk.database} ${chunk.window.label}`;
}
