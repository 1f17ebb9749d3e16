import type { RunConfig, SourceTable, TargetConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { copiedColumns } from '../engine/plan/check-copy.js';
import { exportFingerprint, rawFingerprint, transformedFingerprint } from '../engine/plan/fingerprint.js';
import type { CheckedTable } from '../engine/postgres/control/checked-tables.js';
import { loadChunk, type startChunk } from '../engine/postgres/control/chunks.js';
import { configRevision } from '../engine/postgres/control/reloads.js';
import { loadRun } from '../engine/postgres/control/runs.js';
import { listSourceTables, type PlannedSource } from '../engine/postgres/control/source-tables.js';
import type { Chunk } from '../engine/postgres/control/types.js';
import type { Policy } from '../engine/rows/fits.js';
import { encodedTypeOf } from '../engine/rows/type-map.js';
import type { StreamedColumn } from '../engine/sqlserver/wire/result-decoder.js';
import { type ObjectKey, rawPrefix, transformedPrefix } from '../engine/storage/keys.js';
import type { ChunkRef, Route } from './contract.js';
import type { Dependencies } from './dependencies.js';

/** A run works with its own row in migration_control.run, never the files: as it was opened, or reloaded since. */
export type RunContext = { readonly runId: string; readonly config: RunConfig };

const keptRuns = 64;
/** Source databases; the columns of one take some kilobytes. */
const keptDatabases = 512;

/**
 * Remembers the configurations of recent runs as of their last reload, and what their checks found of the sources:
 * rows that never change once they are written.
 */
export class RunContexts {
  readonly #runs = new Remembered<RunContext>(keptRuns);
  readonly #sources = new Remembered<readonly PlannedSource[]>(keptDatabases);

  constructor(private readonly deps: Dependencies) {}

  async of(runId: string): Promise<RunContext> {
    const revision = await configRevision(this.deps.target, runId);
    return this.#runs.get(`${revision} ${runId}`, async () => {
      const run = await loadRun(this.deps.target, runId);
      return { runId, config: run.config as RunConfig };
    });
  }

  /** Everything that the steps of one chunk need to know; `load` is asked for its row each time. */
  async chunk(ref: ChunkRef, load: typeof loadChunk | typeof startChunk = loadChunk): Promise<ChunkContext> {
    const { runId } = ref;
    const [{ config }, chunk] = await Promise.all([this.of(runId), load(this.deps.target, ref)]);
    const target = targetOf(config, chunk.target);
    const sources = await this.#plannedSources(runId, chunk);
    return {
      runId,
      config,
      chunk,
      target,
      sources: sources.map((source) => rawSource(chunk, target, source)),
    };
  }

  /** Everything that one reading of a source table for all windows needs to know. */
  async table(
    runId: string,
    place: { readonly target: string; readonly server: string; readonly database: string },
    position: number,
  ): Promise<TableContext> {
    const { config } = await this.of(runId);
    const target = targetOf(config, place.target);
    const planned = (await this.#plannedSources(runId, place))[position];
    if (planned === undefined)
      throw new MigrationError('INTERNAL', `${target.name} has no source table number ${position}.`);
    const columns = decodedColumns(target, planned.columns);
    return { runId, config, target, table: { ...planned, columns, source: sourceOf(target, planned) } };
  }

  #plannedSources(
    runId: string,
    place: { readonly target: string; readonly server: string; readonly database: string },
  ): Promise<readonly PlannedSource[]> {
    const key = JSON.stringify([runId, place.target, place.server, place.database]);
    return this.#sources.get(key, () => listSourceTables(this.deps.target, runId, place));
  }
}

/** Loads each value once and keeps the latest of them; a load that failed is tried again. */
class Remembered<T> {
  readonly #values = new Map<string, Promise<T>>();

  constructor(private readonly limit: number) {}

  get(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const loading = load();
    this.#values.set(key, loading);
    loading.catch(() => this.#values.delete(key));
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.limit && oldest !== undefined) this.#values.delete(oldest);
    return loading;
  }
}

export interface ChunkContext extends RunContext {
  readonly chunk: Chunk;
  readonly target: TargetConfig;
  readonly sources: readonly RawSource[];
}

export interface TableContext extends RunContext {
  readonly target: TargetConfig;
  readonly table: CheckedTable & Pick<RawSource, 'columns'>;
}

/** One source table of a chunk: what to read, and where it rests in the raw bucket. */
export interface RawSource extends PlannedSource {
  /** `schema.table`, as the control tables call it. */
  readonly subject: string;
  readonly columns: readonly (PlannedSource['columns'][number] & StreamedColumn)[];
  readonly prefix: ObjectKey;
  readonly fingerprint: string;
}

function rawSource(chunk: Chunk, target: TargetConfig, planned: PlannedSource): RawSource {
  const { schema, table } = planned;
  const source = sourceOf(target, planned);
  const { category, server, database, window } = chunk;
  const columns = decodedColumns(target, planned.columns);
  return {
    ...planned,
    columns,
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
      rawFingerprint({ server, database, source, columns, window }),
      chunk.epoch,
    ),
  };
}

function sourceOf(target: TargetConfig, { schema, table }: PlannedSource): SourceTable {
  const source = target.sources.find((candidate) => candidate.schema === schema && candidate.table === table);
  if (source !== undefined) return source;
  throw new MigrationError(
    'INTERNAL',
    `${schema}.${table} is planned for ${target.name}, but is no source of it.`,
  );
}

/** What is copied by policy `replace` or `bytes` has it where text is decoded: what is no text has no form behind that. */
function decodedColumns(target: TargetConfig, columns: PlannedSource['columns']): RawSource['columns'] {
  if (target.transform !== undefined) return columns;
  const copied = copiedColumns(target, columns);
  return columns.map((column) => decodedColumn(column, target.columns[copied.indexOf(column)]?.policy));
}

function decodedColumn(
  column: PlannedSource['columns'][number],
  policy: Policy | undefined,
): RawSource['columns'][number] {
  if (policy === 'replace') return { ...column, invalidText: policy };
  const type = policy === 'bytes' ? encodedTypeOf(column.type, column.sourceType) : undefined;
  return type === undefined ? column : { ...column, type, invalidText: 'bytes' };
}

/** A target's chunks take the route that its configuration leaves them. */
export function routeOf({ path, transform }: TargetConfig): Route {
  if (transform !== undefined) return 'transform';
  return path === 'direct' ? 'direct' : 'plain';
}

export function targetOf(config: RunConfig, name: string): TargetConfig {
  const target = config.targets.find((candidate) => candidate.name === name);
  if (target === undefined)
    throw new MigrationError('INTERNAL', `The run of ${config.category} has no target '${name}'.`);
  return target;
}

/** `exported` names the export, or all exports, that the transform reads. */
export function transformedPlace(
  { chunk, target }: ChunkContext,
  exported: string,
): { readonly prefix: ObjectKey; readonly fingerprint: string } {
  const { category, server, database, window } = chunk;
  return {
    prefix: transformedPrefix({ category, target: target.name, server, database, window: window.label }),
    fingerprint: transformedFingerprint(chunk.fingerprint, exported),
  };
}

/** How messages name a chunk. */
export function placeOf({ chunk }: ChunkContext): string {
  return `${chunk.target} ${chunk.server}/${chunk.database} ${chunk.window.label}`;
}
