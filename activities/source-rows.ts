import type { RunConfig } from '../config/run-config.js';
import { about } from '../engine/errors.js';
import { copiedColumns } from '../engine/plan/check-copy.js';
import type { PlannedSource } from '../engine/postgres/control/source-tables.js';
import { hasServerForm } from '../engine/rows/checksum-tsql.js';
import type { ColumnBatch } from '../engine/rows/column-batch.js';
import { checksumTable } from '../engine/sqlserver/checksum.js';
import type { SourcePredicate } from '../engine/sqlserver/predicate.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import { streamTable } from '../engine/sqlserver/stream-table.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { emptyChecksum } from '../engine/validation/set-checksum.js';
import { type ChunkContext, placeOf, type RawSource } from './run-context.js';
import type { Step } from './step.js';
import { windowPredicate } from './window-predicate.js';

/** Twenty times what HASHBYTES over a row of the founding tables takes on a slow core. */
const silentSecondsPerRow = 50e-6;

export type StatedChecksum = NonNullable<Manifest['source']>;

export interface ReadTable {
  readonly rows: number;
  /** What the source holds of the chunk; absent where it is for whoever takes the rows to say so. */
  readonly stated: StatedChecksum | undefined;
  /** Values in which something was replaced, by column of the target. */
  readonly replaced: NonNullable<Manifest['replaced']>;
}

/** The source's own checksum, and a scan before its first row, are silent for as long as they honestly take. */
export function patience({ config, chunk }: ChunkContext): number {
  const rows = Object.values(chunk.rowsPlanned).reduce((sum, count) => sum + count, 0);
  return patienceFor(config, rows);
}

/** Seconds that the source may be silent over so many rows. */
export function patienceFor({ stallSeconds }: Pick<RunConfig, 'stallSeconds'>, rows: number): number {
  return Math.max(stallSeconds, 60 + rows * silentSecondsPerRow);
}

/**
 * Reads a chunk's rows of one source table, and what the source says of them, in the transaction of `tx`. Throws as
 * `SourceReader.stream` does, and what `onBatch` throws, with the place before the message.
 */
export async function readTable(
  context: ChunkContext,
  source: RawSource,
  tx: SourceReader,
  { signal, advance }: Step,
  options: {
    /** Of the table's, those to be read. */
    readonly columns: RawSource['columns'];
    readonly onBatch: (batch: ColumnBatch) => Promise<void>;
  },
): Promise<ReadTable> {
  const place = `${placeOf(context)}, ${source.subject}`;
  const predicate = predicateOf(context, source);
  const read = { ...source, columns: options.columns };
  const asksServer = serverHashes(context.config, read);
  const { maxValueBytes } = context.config;
  const onBatch = async (batch: ColumnBatch): Promise<void> => {
    const count = batch.rows;
    await options.onBatch(batch);
    advance(count);
  };
  const { rows, replaced: counts } = await about(place, () =>
    streamTable(tx, read, predicate, signal, onBatch, { maxValueBytes }),
  );
  const replaced = replacedValues(context.target, read.columns, counts);
  // The server has confirmed the count of the result: where the plan found none either, there is nothing to hash.
  if (rows === 0 && (context.chunk.rowsPlanned[source.subject] ?? 0) === 0)
    return { rows, stated: { checksum: emptyChecksum, method: 'reader' }, replaced };
  // The server would hash what was replaced.
  if (!asksServer || replaced.length > 0) return { rows, stated: undefined, replaced };
  const checksum = await checksumTable(tx, read, read.columns, predicate, signal);
  advance(1);
  return { rows, stated: { checksum, method: 'server' }, replaced };
}

/** `counts`: of each of the columns that were read. */
function replacedValues(
  target: ChunkContext['target'],
  columns: RawSource['columns'],
  counts: readonly number[],
): ReadTable['replaced'] {
  if (counts.every((count) => count === 0)) return [];
  return copiedColumns(target, columns).flatMap((column, index) => {
    const values = counts[columns.indexOf(column)] ?? 0;
    return values === 0 ? [] : [{ column: target.columns[index]?.name ?? column.name, values }];
  });
}

/** Outside of a transaction the server would hash what another statement sees than the one that was read. */
export function serverHashes(
  { sourceChecksum, consistency }: Pick<RunConfig, 'sourceChecksum' | 'consistency'>,
  { serverHash, columns }: PlannedSource,
): boolean {
  if (sourceChecksum !== 'server' || consistency === 'rcsi') return false;
  return serverHash && columns.every(hasServerForm);
}

/** The chunk's rows of a source table. */
export function predicateOf({ chunk, target }: ChunkContext, source: RawSource): SourcePredicate {
  const configured = target.sources.find(
    ({ schema, table }) => schema === source.schema && table === source.table,
  );
  return windowPredicate(configured ?? {}, source.columns, chunk.window);
}
