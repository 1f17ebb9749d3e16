import { randomUUID } from 'node:crypto';
import { about, MigrationError } from '../engine/errors.js';
import {
  adoptRange,
  listScanWindows,
  loadRange,
  type RangePart,
  recordRange,
  type ScanRange,
  type ScanWindow,
} from '../engine/postgres/control/scan-ranges.js';
import type { ColumnBatch } from '../engine/rows/column-batch.js';
import type { SetChecksum } from '../engine/rows/types.js';
import { checksumTable } from '../engine/sqlserver/checksum.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import { streamTable } from '../engine/sqlserver/stream-table.js';
import { rawPrefix } from '../engine/storage/keys.js';
import { createWindowWriter, type WindowWriter } from '../engine/transform/window-writer.js';
import { requireEqual } from '../engine/validation/hops.js';
import type { RangeRef, StepResult } from './contract.js';
import { subjectOf } from './count-windows.js';
import type { Dependencies } from './dependencies.js';
import { sourceStillHolds } from './prove-range.js';
import type { RunContexts, TableContext } from './run-context.js';
import { logRun } from './run-log.js';
import { scanPredicate } from './scan-predicate.js';
import { patienceFor, serverHashes } from './source-rows.js';
import { runStep, type Step } from './step.js';

/**
 * Source -> raw, of many windows at once: reads one range of one source table, and the server's own checksum of it, in
 * one session, and parts its rows into the windows. What an earlier run has read of it stays where the source still
 * holds it. Publishes nothing: that is for when all ranges are read.
 */
export function scanRange(deps: Dependencies, contexts: RunContexts) {
  return ({ runId, rangeId }: RangeRef): Promise<StepResult> =>
    runStep(async (step) => {
      const range = await loadRange(deps.target, runId, rangeId);
      if (range.done !== undefined) return { ...range.done, seconds: 0, reused: true };
      const context = await contexts.table(runId, range, range.position);
      const started = performance.now();
      const seconds = (): number => (performance.now() - started) / 1000;
      const { earlier } = range;
      if (earlier !== undefined && (await sourceStillHolds(deps, context, { ...range, earlier }, step))) {
        await adoptRange(deps.target, runId, range);
        const { checksum, bytes } = earlier;
        const proven = { rows: checksum.rows, bytes, seconds: seconds(), reused: true };
        logRun(context.config, 'INFO', 'range proven', { range: placeOf(context, range), ...proven });
        return proven;
      }
      const { parts, ...read } = await readRange(deps, context, range, step);
      await recordRange(deps.target, runId, range, read, parts);
      const result = { rows: read.checksum.rows, bytes: read.bytes, seconds: seconds(), reused: false };
      logRun(context.config, 'INFO', 'range read', { range: placeOf(context, range), ...result });
      return result;
    });
}

interface ReadRange {
  readonly checksum: SetChecksum;
  readonly bytes: number;
  readonly method: 'server' | 'reader';
  readonly parts: readonly RangePart[];
}

async function readRange(
  deps: Dependencies,
  context: TableContext,
  range: ScanRange,
  step: Step,
): Promise<ReadRange> {
  const { config } = context;
  step.stallAfter(patienceFor(config, context.target.chunk.scanRows));
  const windows = await listScanWindows(deps.target, range.scanId);
  const writer = await openWriter(deps, context, range, windows, step);
  try {
    const session = await deps.openSource(config, range, step);
    try {
      const read = (tx: SourceReader): Promise<ReadRange> =>
        readInto(writer, context, range, windows, tx, step);
      return await about(placeOf(context, range), () => session.inSnapshot(config.consistency, read));
    } finally {
      await session.close();
    }
  } finally {
    await writer.abort();
  }
}

async function openWriter(
  deps: Dependencies,
  { config, table }: TableContext,
  range: ScanRange,
  windows: readonly ScanWindow[],
  { signal, advance, waiting }: Step,
): Promise<WindowWriter> {
  const { category, target, server, database } = range;
  const place = { category, target, server, database, schema: table.schema, table: table.table };
  return createWindowWriter({
    duckdb: await deps.duckdb(config, 'windows'),
    bucket: deps.buckets.raw,
    columns: table.columns,
    chunkColumn: table.source.chunkColumn ?? '',
    windows: windows.map(({ window: { label, key: _, ...bounds }, wanted }) => ({
      ...bounds,
      ...(wanted && { prefix: rawPrefix({ ...place, window: label }) }),
    })),
    attempt: range.attempt,
    range: { ordinal: range.ordinal, attempt: randomUUID() },
    partRows: config.storage.partRows,
    spillDirectory: deps.spillDirectory,
    signal,
    onPart: () => advance(1),
    onWaiting: waiting,
  });
}

/** All that is read counts: rows that the writer leaves out are hashed as the server hashes them. */
async function readInto(
  writer: WindowWriter,
  { config, table }: TableContext,
  range: ScanRange,
  windows: readonly ScanWindow[],
  tx: SourceReader,
  { signal, advance, stallAfter }: Step,
): Promise<ReadRange> {
  const predicate = scanPredicate(config, table, range);
  const onBatch = async (batch: ColumnBatch): Promise<void> => {
    const count = batch.rows;
    await writer.write(batch);
    advance(count);
  };
  const { maxValueBytes } = config;
  const { rows } = await streamTable(tx, table, predicate, signal, onBatch, { maxValueBytes });
  const written = await writer.finish();
  if (rows !== written.checksum.rows)
    throw new MigrationError(
      'CHECKSUM_EXPORT',
      `${rows} rows were read and ${written.checksum.rows} parted.`,
    );
  const asksServer = rows > 0 && serverHashes(config, table);
  if (asksServer) {
    stallAfter(patienceFor(config, rows));
    advance(1);
    const stated = await checksumTable(tx, table, table.columns, predicate, signal);
    requireEqual('raw', stated, written.checksum, `${subjectOf(table.source)}, range ${range.ordinal}`);
  }
  return {
    checksum: written.checksum,
    bytes: written.windows.reduce((sum, { bytes }) => sum + bytes, 0),
    method: asksServer ? 'server' : 'reader',
    parts: written.windows.map(({ window, ...part }) => ({
      chunkId: windows[window]?.chunkId ?? '',
      ...part,
    })),
  };
}

/** How messages name a range. */
function placeOf({ table }: TableContext, { target, server, database, ordinal }: ScanRange): string {
  return `${target} ${server}/${database}, ${subjectOf(table.source)}, range ${ordinal}`;
}
