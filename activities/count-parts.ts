import type { Window } from '../engine/plan/windows.js';
import type { CheckedTable } from '../engine/postgres/control/checked-tables.js';
import type { SplitWindow } from '../engine/postgres/control/planned-windows.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import { countAll } from '../engine/sqlserver/windows.js';
import { type CountedWindows, filterOf, incomplete, subjectOf, windowedTable } from './count-windows.js';
import type { Step } from './step.js';

type Rows = Readonly<Record<string, number>>;

/**
 * Puts the parts of windows that an earlier run split in the place of the wholes, so that what is done of them stays
 * done. Their rows are counted in the same snapshot; throws PLAN_INCOMPLETE where they do not sum to the whole's.
 */
export async function countParts(
  reader: SourceReader,
  tables: readonly CheckedTable[],
  counted: CountedWindows,
  splits: readonly SplitWindow[],
  step: Pick<Step, 'advance'>,
): Promise<CountedWindows> {
  const rows = new Map<string, Rows>(counted.rows);
  const windows: Window[] = [];
  for (const window of counted.windows) {
    const parts = splits.find(({ whole }) => sameWindow(whole, window))?.parts ?? [];
    if (parts.length === 0) {
      windows.push(window);
      continue;
    }
    for (const part of parts) rows.set(part.label, await countPart(reader, tables, part, step));
    for (const table of tables) requireSum(table, window, parts, rows);
    rows.delete(window.label);
    windows.push(...parts);
  }
  return { ...counted, windows, rows };
}

async function countPart(
  reader: SourceReader,
  tables: readonly CheckedTable[],
  { from, to }: Window,
  { advance }: Pick<Step, 'advance'>,
): Promise<Rows> {
  const rows: Record<string, number> = {};
  for (const table of tables) {
    const { chunkColumn } = windowedTable(table);
    const range = { chunkColumn, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    rows[subjectOf(table.source)] = await countAll(reader, table.source, {
      ...filterOf(table.source),
      ...range,
    });
    advance(1);
  }
  return rows;
}

function requireSum(
  { source }: CheckedTable,
  whole: Window,
  parts: readonly Window[],
  rows: ReadonlyMap<string, Rows>,
): void {
  const of = ({ label }: Window): number => rows.get(label)?.[subjectOf(source)] ?? 0;
  const sum = parts.reduce((all, part) => all + of(part), 0);
  if (sum !== of(whole))
    throw incomplete(source, `the parts of ${whole.label} hold ${sum} rows, the whole ${of(whole)}`);
}

function sameWindow(a: Window, b: Window): boolean {
  return a.label === b.label && a.from === b.from && a.to === b.to;
}
