import { MigrationError } from '../errors.js';
import { requireParts, requireRange, unsplittable } from './split-window.js';
import { type KeyGrid, partitionRange, type Window } from './windows.js';

/** As the source counts them: a run of neighbouring keys from `from` to the next mark, and its rows by table. */
interface KeyMark {
  readonly from: string;
  readonly rows: readonly number[];
}

/** A range of keys with the rows of each table in it, not named yet. */
export interface KeyRange {
  readonly from?: string;
  readonly to?: string;
  readonly rows: readonly number[];
}

const maxWindows = 100_000;
/** Marks that make up a full window: the more, the fuller windows become. */
const marksInWindow = 4;

/** How finely `keyMarks` must cut for windows of at most `rows`. Throws PLAN_TOO_LARGE. */
export function grainOf(rows: number, total: number): number {
  // Of two neighbouring windows at least one is more than half full.
  if (total / rows > maxWindows / 2)
    throw new MigrationError(
      'PLAN_TOO_LARGE',
      `Windows of ${rows} rows by key may be more than ${maxWindows} for ${total} rows. Raise "rows" of "chunk".`,
    );
  return Math.max(1, Math.floor(rows / marksInWindow));
}

/**
 * Ranges of at most `rows` rows over all tables, a single key aside: without gap or overlap over all that `whole` takes
 * in. One range where there are no marks.
 */
export function packKeys(
  marks: readonly KeyMark[],
  rows: number,
  whole: Pick<Window, 'from' | 'to'> = {},
): readonly KeyRange[] {
  const groups: KeyMark[][] = [];
  let held = 0;
  for (const mark of marks) {
    const more = sum(mark.rows);
    const last = groups.at(-1);
    if (last === undefined || held + more > rows) {
      groups.push([mark]);
      held = more;
    } else {
      last.push(mark);
      held += more;
    }
  }
  return rangesOf(groups, whole);
}

/** `parts` ranges with about as many rows each. Throws CHUNK_UNSPLITTABLE naming `chunk` where a key would be cut. */
export function divideKeys(
  chunk: string,
  marks: readonly KeyMark[],
  parts: number,
  whole: Window,
): readonly KeyRange[] {
  requireParts(chunk, parts);
  requireRange(chunk, whole);
  if (marks.length < parts) {
    const most = marks.length < 2 ? 'it cannot be cut' : `ask for at most ${marks.length} parts`;
    throw unsplittable(
      chunk,
      `the rows of one key stay together, and ${parts} parts were asked for: ${most}`,
    );
  }
  const total = marks.reduce((all, mark) => all + sum(mark.rows), 0);
  const groups: KeyMark[][] = Array.from({ length: parts }, () => []);
  let before = 0;
  let part = 0;
  for (const [index, mark] of marks.entries()) {
    const left = marks.length - index;
    const wanted = Math.floor((before / Math.max(total, 1)) * parts);
    const empty = groups[part]?.length === 0;
    // A mark for each of the parts that are left, and no part skipped.
    if (!empty && part < parts - 1 && (wanted > part || left <= parts - 1 - part)) part += 1;
    groups[part]?.push(mark);
    before += sum(mark.rows);
  }
  return rangesOf(groups, whole);
}

function rangesOf(
  groups: readonly (readonly KeyMark[])[],
  { from, to }: Pick<Window, 'from' | 'to'>,
): readonly KeyRange[] {
  const starts = groups.map((group) => group[0]?.from);
  const tables = groups[0]?.[0]?.rows.length ?? 0;
  return (groups.length === 0 ? [[]] : groups).map((group, index) => {
    const low = index === 0 ? from : starts[index];
    const high = starts[index + 1] ?? to;
    return {
      ...(low !== undefined && { from: low }),
      ...(high !== undefined && { to: high }),
      rows: Array.from({ length: tables }, (_, table) =>
        group.reduce((all, mark) => all + (mark.rows[table] ?? 0), 0),
      ),
    };
  });
}

/** Names keys' windows one after another, beginning behind those that are `taken`: `k00001`, `202501-k00001`. */
export function keyLabels(partition: string | undefined, taken: readonly Window[]): () => string {
  const numbers = taken.map(({ label }) => Number(/k(\d+)/.exec(label)?.[1] ?? 0));
  let last = numbers.reduce((most, number) => Math.max(most, number), 0);
  return () => {
    last += 1;
    return `${prefixOf(partition)}k${String(last).padStart(5, '0')}`;
  };
}

/** The window of the rows without a key. */
export function nullKeyWindow(key: KeyGrid, partition: string | undefined): Window {
  return { label: `${prefixOf(partition)}null`, isNull: true, key };
}

function prefixOf(partition: string | undefined): string {
  return partition === undefined ? '' : `${partition}-`;
}

/** What the windows of one grid have in common; `of` says which columns their bounds are values of. */
export function keyOf(of: string, partition: string | undefined): KeyGrid {
  return { of, ...(partition !== undefined && { partition: partitionRange(partition) }) };
}

/** Windows in their order, by their bounds alone, which only the source could compare; empty unless they are a whole grid. */
export function chained(windows: readonly Window[]): readonly Window[] {
  const byStart = new Map(windows.map((window) => [window.from, window]));
  const chain: Window[] = [];
  let next = byStart.get(undefined);
  while (next !== undefined && chain.length < windows.length) {
    chain.push(next);
    if (next.to === undefined) break;
    next = byStart.get(next.to);
  }
  const whole = chain.length === windows.length && chain.at(-1)?.to === undefined;
  return whole ? chain : [];
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
