import type { SourceTable, TargetConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { partitionRange, type Window, windowGrid } from '../engine/plan/windows.js';
import type { CheckedTable } from '../engine/postgres/control/checked-tables.js';
import type { SourcePredicate } from '../engine/sqlserver/predicate.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import {
  boundsOf,
  countAll,
  countByWindow,
  type Range,
  type WindowedTable,
} from '../engine/sqlserver/windows.js';
import type { Step } from './step.js';

export interface CountedWindows {
  readonly windows: readonly Window[];
  /** Per window label, rows by `schema.table`. */
  readonly rows: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly total: number;
  readonly leftOut: number;
}

/** The one window of a table that is not cut. */
export async function countWhole(
  reader: SourceReader,
  tables: readonly CheckedTable[],
  step: Step,
): Promise<CountedWindows> {
  const rows: Record<string, number> = {};
  for (const { source } of tables) {
    rows[subjectOf(source)] = await countAll(reader, source, filterOf(source));
    step.advance(1);
  }
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return { windows: [{ label: 'all' }], rows: new Map([['all', rows]]), total, leftOut: 0 };
}

/**
 * The windows of one database and the rows of each, counted in the reader's one snapshot. Throws PLAN_INCOMPLETE
 * where they do not sum to one COUNT_BIG under the filter.
 */
export async function countWindows(
  reader: SourceReader,
  { chunk }: TargetConfig,
  tables: readonly CheckedTable[],
  partition: string | undefined,
  step: Step,
): Promise<CountedWindows> {
  const windows = await gridOf(reader, tables, chunk.grain, partition, step);
  const range: Range = partition === undefined ? {} : partitionRange(partition);
  const grain = partition?.length === 8 ? 'day' : chunk.grain;
  const rows = new Map<string, Record<string, number>>(windows.map(({ label }) => [label, {}]));
  let total = 0;
  let leftOut = 0;
  for (const table of tables) {
    const { source } = table;
    const windowed = windowedTable(table);
    const counted = await countByWindow(reader, windowed, grain, range.from, range.to, source.filter);
    step.advance(1);
    for (const { window, rows: found } of counted.windows)
      add(rows, windowOf(windows, window), source, found);
    if (counted.nullRows > 0)
      add(
        rows,
        windows.find(({ isNull }) => isNull),
        source,
        counted.nullRows,
      );
    const planned = [...rows.values()].reduce((sum, entry) => sum + (entry[subjectOf(source)] ?? 0), 0);
    const all = await countAll(reader, source, { ...filterOf(source), ...bounded(windowed, range) });
    if (planned !== all)
      throw incomplete(source, `the windows hold ${planned} rows, the filter takes ${all}`);
    total += planned;
    if (partition !== undefined) leftOut += (await countAll(reader, source, filterOf(source))) - planned;
    step.advance(1);
  }
  return { windows, rows, total, leftOut };
}

async function gridOf(
  reader: SourceReader,
  tables: readonly CheckedTable[],
  grain: 'day' | 'month',
  partition: string | undefined,
  step: Step,
): Promise<readonly Window[]> {
  const bounds = hull(tables.map(({ source }) => source.filterBounds));
  const needsData = partition === undefined && (bounds.from === undefined || bounds.to === undefined);
  const found: { readonly min: string; readonly max: string }[] = [];
  for (const table of needsData ? tables : []) {
    const range = await boundsOf(reader, windowedTable(table), table.source.filter);
    if (range !== undefined) found.push(range);
    step.advance(1);
  }
  const nulls = tables.some(
    (table) =>
      chunkColumnOf(table).nullable &&
      table.source.filterBounds.from === undefined &&
      table.source.filterBounds.to === undefined,
  );
  const [min] = found.map((range) => range.min).sort();
  const max = found
    .map((range) => range.max)
    .sort()
    .at(-1);
  const seen = min !== undefined && max !== undefined && { min, max };
  return windowGrid({
    grain,
    bounds,
    nulls,
    ...(partition !== undefined && { partition }),
    ...(seen && { found: seen }),
  });
}

/** The range that takes in every table's bounds; open where one table's is. */
function hull(all: readonly SourceTable['filterBounds'][]): { readonly from?: string; readonly to?: string } {
  const side = (key: 'from' | 'to'): readonly string[] => {
    const texts = all.map((bounds) => bounds[key]).filter((text) => text !== undefined);
    return texts.length === all.length ? texts.sort() : [];
  };
  const from = side('from').at(0);
  const to = side('to').at(-1);
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

/** The window that a counted day or month (its first day) lies in, by bisection: there may be 100,000 of each. */
function windowOf(windows: readonly Window[], day: string): Window | undefined {
  const start = `${day} 00:00:00`;
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { to, isNull } = windows[middle] ?? {};
    if (isNull || to === undefined || start < to) high = middle;
    else low = middle + 1;
  }
  const found = windows[low];
  return found !== undefined && !found.isNull && (found.from === undefined || found.from <= start)
    ? found
    : undefined;
}

function add(
  rows: Map<string, Record<string, number>>,
  window: Window | undefined,
  source: SourceTable,
  count: number,
): void {
  const entry = window && rows.get(window.label);
  if (entry === undefined) throw incomplete(source, `${count} rows lie in no window`);
  entry[subjectOf(source)] = (entry[subjectOf(source)] ?? 0) + count;
}

export function incomplete(source: SourceTable, what: string): MigrationError {
  return new MigrationError(
    'PLAN_INCOMPLETE',
    `The plan of ${subjectOf(source)} is not complete: ${what}. Rows came or went while it was counted; it is counted again.`,
  );
}

function chunkColumnOf({ source, columns }: CheckedTable): CheckedTable['columns'][number] {
  const column = columns.find(({ name }) => name === source.chunkColumn);
  if (column === undefined)
    throw new MigrationError(
      'SOURCE_OBJECT',
      `${subjectOf(source)} has no column ${source.chunkColumn ?? '(none named)'}.`,
    );
  return column;
}

export function windowedTable(table: CheckedTable): WindowedTable {
  const { schema, table: name } = table.source;
  return { schema, table: name, chunkColumn: chunkColumnOf(table) };
}

function bounded({ chunkColumn }: WindowedTable, { from, to }: Range): SourcePredicate {
  return from === undefined || to === undefined ? {} : { chunkColumn, from, to };
}

export function filterOf({ filter }: SourceTable): { readonly filter?: string } {
  return filter === undefined ? {} : { filter };
}

export function subjectOf({ schema, table }: SourceTable): string {
  return `${schema}.${table}`;
}
