import type { TargetColumn, TargetConfig } from '../../config/run-config';
import type { Target } from '../../engine/postgres/connection';
import { planChunks } from '../../engine/postgres/control/plan-chunks';
import { insertRun } from '../../engine/postgres/control/runs';
import type { ChunkScope, PlannedChunk } from '../../engine/postgres/control/types';
import { importChunk } from '../../engine/postgres/import-chunk';
import { prepareStage } from '../../engine/postgres/stage';
import { batchOf as batchOfCells } from '../../engine/rows/cells';
import type { ColumnBatch } from '../../engine/rows/column-batch';
import { createRowHasher } from '../../engine/rows/hash/row-hasher';
import { parsePgType } from '../../engine/rows/pg-types';
import type { SetChecksum } from '../../engine/rows/types';

export function column(name: string, pgType: string, nullable = true): TargetColumn {
  return { name, pgType, nullable, type: parsePgType(pgType) };
}

/** Key (cell_id, at), a decimal, a text; stage partitioned by month of `at`. */
export function targetTable(name: string, changes: Partial<TargetConfig> = {}): TargetConfig {
  return {
    name,
    stageSchema: 'stage',
    columns: [
      column('cell_id', 'varchar(50)', false),
      column('at', 'timestamp(3)', false),
      column('load', 'numeric(11,3)'),
      column('note', 'text'),
    ],
    primaryKey: ['cell_id', 'at'],
    partitionColumn: 'at',
    sources: [],
    path: 'staged',
    scope: 'chunk',
    chunk: { by: 'date', grain: 'day', rows: 1_000_000, allowScans: false, onePass: false, scanRows: 1_000 },
    ...changes,
  };
}

export type Row = readonly [cellId: string, at: string, load: bigint | null, note: string | null];

/** Rows of `targetTable` as a reader of its parts gives them. */
export function batchOf(rows: readonly Row[]): ColumnBatch {
  const { columns } = targetTable('any');
  return batchOfCells(
    columns,
    rows.map(([cellId, at, load, note]) => [
      cellId,
      BigInt(Date.parse(`${at.replace(' ', 'T')}Z`)) * 1000n,
      load,
      note,
    ]),
  );
}

/** Count and checksum of rows of `targetTable`, as their manifest has them. */
export function checksumOf(table: TargetConfig, rows: readonly Row[]): SetChecksum {
  const hasher = createRowHasher(table.columns);
  hasher.add(batchOf(rows));
  return hasher.value();
}

/** What `importChunk` needs beside the owner of the chunk; no row may go to quarantine. */
export function importOf(table: TargetConfig, rows: readonly Row[], fingerprint = 'f1') {
  return {
    table,
    fingerprint,
    attempt: 'attempt-1',
    expected: checksumOf(table, rows),
    columns: table.columns,
    async *rows() {
      yield batchOf(rows);
    },
    quarantineLimit: 0,
    keep: () => Promise.reject(new Error('Nothing was to be kept.')),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
}

export function day(
  date: string,
  fingerprint = 'f1',
  ordinal = Number(date.replaceAll('-', '')),
): PlannedChunk {
  const next = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
  return {
    window: { label: date.replaceAll('-', ''), from: `${date} 00:00:00`, to: `${next} 00:00:00` },
    ordinal,
    fingerprint,
    rowsPlanned: { 'dbo.t': 1 },
  };
}

export function scopeOf(table: TargetConfig, runId: string, changes: Partial<ChunkScope> = {}) {
  return {
    runId,
    category: 'cat',
    target: table.name,
    server: 'server01',
    database: 'DatabaseA',
    stageSchema: table.stageSchema,
    quarantineLimit: 0,
    ...changes,
  };
}

/** Plans the chunks under a run of that id and returns chunk ids by window label. */
export async function plan(
  target: Target,
  scope: ReturnType<typeof scopeOf>,
  chunks: readonly PlannedChunk[],
  staged: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, string>> {
  await insertRun(target, { runId: scope.runId, category: scope.category, jobMode: 'resume', config: {} });
  await planChunks(target, scope, chunks, staged);
  const { rows } = await target.query<{ label: string; id: string }>(
    `SELECT window_label AS label, chunk_id::text AS id FROM migration_control.chunk
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4`,
    [scope.category, scope.target, scope.server, scope.database],
  );
  return new Map(rows.map(({ label, id }) => [label, id]));
}

/** Run and epoch as the control table has them, so that an import owns its chunk. */
export async function ownerOf(
  target: Target,
  chunkId: string,
): Promise<{ readonly chunkId: string; readonly runId: string; readonly epoch: number }> {
  const { rows } = await target.query<{ runId: string; epoch: number }>(
    'SELECT run_id AS "runId", epoch FROM migration_control.chunk WHERE chunk_id = $1',
    [chunkId],
  );
  return { chunkId, runId: rows[0]?.runId ?? '', epoch: rows[0]?.epoch ?? 0 };
}

/** A chunk's state as an earlier run may have left it. */
export async function forceState(
  target: Target,
  chunkId: string,
  state: string,
  cause?: { readonly code: string; readonly message: string },
): Promise<void> {
  await target.query(
    'UPDATE migration_control.chunk SET state = $2, cause_code = $3, cause_message = $4 WHERE chunk_id = $1',
    [chunkId, state, cause?.code ?? null, cause?.message ?? null],
  );
}

/** A ledger that agrees with rows which a test has put into the stage by itself. */
export async function adoptRows(target: Target, table: TargetConfig): Promise<void> {
  const stage = `"${table.stageSchema}"."${table.name.replaceAll('"', '""')}"`;
  await insertRun(target, { runId: 'adopted', category: 'cat', jobMode: 'resume', config: {} });
  await target.query(
    `INSERT INTO migration_control.chunk (chunk_id, category, target, stage_schema, server, database, run_id, window_label,
            ordinal, state, fingerprint, rows_planned) OVERRIDING SYSTEM VALUE
     SELECT DISTINCT s.chunk_id, 'cat', $1, $2, 'adopted', 'adopted', 'adopted', s.chunk_id::text, 0, 'DONE', 'f1', '{}'::jsonb
       FROM ${stage} s ON CONFLICT DO NOTHING`,
    [table.name, table.stageSchema],
  );
  await target.query(
    `INSERT INTO migration_control.ledger (chunk_id, target, stage_schema, fingerprint, attempt, rows, checksum_sum, bytes)
     SELECT chunk_id, $1, $2, 'f1', 'a', count(*), '0000000000000000', 0 FROM ${stage} GROUP BY chunk_id
     ON CONFLICT (chunk_id) DO UPDATE SET rows = excluded.rows, target = excluded.target`,
    [table.name, table.stageSchema],
  );
}

export async function importRows(
  target: Target,
  table: TargetConfig,
  chunkId: string,
  rows: readonly Row[],
  fingerprint = 'f1',
): Promise<{ readonly rows: number; readonly reused: boolean }> {
  await target.query('UPDATE migration_control.chunk SET fingerprint = $2 WHERE chunk_id = $1', [
    chunkId,
    fingerprint,
  ]);
  return importChunk({
    target,
    ...(await ownerOf(target, chunkId)),
    ...importOf(table, rows, fingerprint),
  });
}

/** A stage with one chunk a day, each holding the rows given for it. */
export async function stageWith(
  target: Target,
  table: TargetConfig,
  days: Readonly<Record<string, readonly Row[]>>,
  scope = scopeOf(table, `run-${table.name}`),
): Promise<ReadonlyMap<string, string>> {
  const months = [...new Set(Object.keys(days).map((date) => date.replaceAll('-', '').slice(0, 6)))];
  await prepareStage(target, table, table.partitionColumn === undefined ? [] : months);
  const ids = await plan(
    target,
    scope,
    Object.keys(days).map((date) => day(date)),
  );
  for (const [date, rows] of Object.entries(days))
    await importRows(target, table, ids.get(date.replaceAll('-', '')) ?? '', rows);
  for (const id of ids.values()) await forceState(target, id, 'DONE');
  return ids;
}
