import type { TargetConfig } from '../config/run-config.js';
import { grainOf, keyLabels, nullKeyWindow, packKeys, sum } from '../engine/plan/key-windows.js';
import type { KeyGrid, Window } from '../engine/plan/windows.js';
import type { CheckedTable } from '../engine/postgres/control/checked-tables.js';
import { keyOrder } from '../engine/sqlserver/key-bound.js';
import { type KeyMark, keyMarks } from '../engine/sqlserver/key-marks.js';
import type { SourcePredicate } from '../engine/sqlserver/predicate.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import { countAll } from '../engine/sqlserver/windows.js';
import { type CountedWindows, filterOf, incomplete, subjectOf, windowedTable } from './count-windows.js';
import type { Step } from './step.js';
import { windowPredicate } from './window-predicate.js';

/** A window and its rows by table, in the tables' order. */
type Counted = readonly [Window, readonly number[]];

interface KeyPlan {
  readonly reader: SourceReader;
  readonly tables: readonly CheckedTable[];
  readonly grid: KeyGrid;
  /** `YYYYMM` or `YYYYMMDD`; absent for all. */
  readonly partition?: string;
  /** The grid of an earlier plan, in order; empty where there is none. */
  readonly kept: readonly Window[];
  readonly step: Pick<Step, 'advance'>;
}

/** A kept window that has grown to more than so many times its size is cut again. */
const outgrown = 2;

/** By what the bounds of a target's windows are told from those of other columns, types or collations. */
export function keyIdentity(tables: readonly CheckedTable[]): string {
  return tables
    .map((table) => windowedTable(table))
    .map(
      ({ schema, table, chunkColumn }) => `${schema}.${table}.${chunkColumn.name} ${keyOrder(chunkColumn)}`,
    )
    .join(', ');
}

/**
 * The windows by key of one database and the rows of each, counted in the reader's one snapshot. A kept grid stays, so
 * that what is done of it stays done; what has outgrown `chunk.rows` is cut again, and its first range keeps its name.
 * Throws PLAN_INCOMPLETE where the windows do not sum to one COUNT_BIG under the filter, PLAN_TOO_LARGE.
 */
export async function countKeyWindows(plan: KeyPlan, { chunk }: TargetConfig): Promise<CountedWindows> {
  const { tables, grid, partition, kept } = plan;
  const all = await count(plan, (table) => keyless(table, grid));
  const counted: Counted[] = [];
  const nextLabel = keyLabels(partition, kept);
  for (const window of kept) {
    const rows = await count(plan, (table) => predicateOf(table, window));
    if (sum(rows) <= chunk.rows * outgrown) counted.push([window, rows]);
    else counted.push(...(await cut(plan, chunk.rows, window, sum(rows), nextLabel)));
  }
  if (kept.length === 0)
    counted.push(...(await cut(plan, chunk.rows, { label: nextLabel(), key: grid }, sum(all), nextLabel)));
  if (tables.some(hasNullKeys)) {
    const window = nullKeyWindow(grid, partition);
    counted.push([window, await count(plan, (table) => predicateOf(table, window))]);
  }
  requireAll(tables, counted, all);
  const beyond = partition === undefined ? all : await count(plan, ({ source }) => filterOf(source));
  return {
    windows: counted.map(([window]) => window),
    rows: new Map(counted.map(([{ label }, rows]) => [label, bySubject(tables, rows)])),
    total: sum(all),
    leftOut: sum(beyond) - sum(all),
  };
}

/** Where a window may be cut; see `keyMarks`. */
export function marksOf(
  reader: SourceReader,
  tables: readonly CheckedTable[],
  window: Window,
  grain: number,
): Promise<readonly KeyMark[]> {
  const keyed = tables.map((table) => {
    const { schema, table: name, chunkColumn } = windowedTable(table);
    return { schema, table: name, predicate: { ...predicateOf(table, window), chunkColumn } };
  });
  return keyMarks(reader, keyed, grain);
}

export function bySubject(
  tables: readonly CheckedTable[],
  rows: readonly number[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(tables.map(({ source }, index) => [subjectOf(source), rows[index] ?? 0]));
}

/** The ranges of a window; the first of them has its name. */
async function cut(
  { reader, tables, step }: KeyPlan,
  limit: number,
  window: Window,
  rows: number,
  nextLabel: () => string,
): Promise<readonly Counted[]> {
  const marks = await marksOf(reader, tables, window, grainOf(limit, rows));
  step.advance(1);
  return packKeys(marks, limit, window).map(({ from, to, rows: counts }, index) => [
    {
      label: index === 0 ? window.label : nextLabel(),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(window.key !== undefined && { key: window.key }),
    },
    counts,
  ]);
}

async function count(
  { reader, tables, step }: KeyPlan,
  predicate: (table: CheckedTable) => SourcePredicate,
): Promise<readonly number[]> {
  const rows: number[] = [];
  for (const table of tables) {
    rows.push(await countAll(reader, table.source, predicate(table)));
    step.advance(1);
  }
  return rows;
}

function predicateOf({ source, columns }: CheckedTable, window: Window): SourcePredicate {
  return windowPredicate(source, columns, window);
}

function hasNullKeys({ source, columns }: CheckedTable): boolean {
  return columns.some(({ name, nullable }) => nullable && name === source.chunkColumn);
}

/** Every row of the partition, with and without a key. */
function keyless({ source, columns }: CheckedTable, key: KeyGrid): SourcePredicate {
  const { partition } = windowPredicate(source, columns, { label: '', key });
  return { ...filterOf(source), ...(partition !== undefined && { partition }) };
}

function requireAll(
  tables: readonly CheckedTable[],
  counted: readonly Counted[],
  all: readonly number[],
): void {
  for (const [index, { source }] of tables.entries()) {
    const planned = sum(counted.map(([, rows]) => rows[index] ?? 0));
    if (planned !== all[index])
      throw incomplete(source, `the windows hold ${planned} rows, the filter takes ${all[index]}`);
  }
}
