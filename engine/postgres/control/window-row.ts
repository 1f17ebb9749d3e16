import type { Window } from '../../plan/windows.js';

/** What of migration_control.chunk says which rows a window takes. */
export interface WindowRow {
  readonly window_label: string;
  readonly window_from: string | null;
  readonly window_to: string | null;
  readonly window_null: boolean;
  readonly key_of: string | null;
  readonly key_from: string | null;
  readonly key_to: string | null;
  readonly key_null: boolean;
}

const types = {
  window_label: 'text',
  window_from: 'timestamp',
  window_to: 'timestamp',
  window_null: 'boolean',
  key_of: 'text',
  key_from: 'text',
  key_to: 'text',
  key_null: 'boolean',
} as const satisfies Record<keyof WindowRow, string>;
const names = Object.keys(types) as readonly (keyof WindowRow)[];

/** For the list of an INSERT. */
export const windowColumns = names.join(', ');

/** For the list of a SELECT; gives a `WindowRow`. */
export const windowSelection = names
  .map((name) => (types[name] === 'timestamp' ? `${name}::text` : name))
  .join(', ');

/** For the SET of an ON CONFLICT. */
export const windowUpdate = names.map((name) => `${name} = excluded.${name}`).join(', ');

/** The arguments of `unnest` for what `windowArrays` gives, the first of which is parameter number `first`. */
export function windowParameters(first: number): string {
  return names.map((name, index) => `$${first + index}::${types[name]}[]`).join(', ');
}

/** An array of values for each of `windowColumns`. */
export function windowArrays(windows: readonly Window[]): readonly (readonly unknown[])[] {
  const rows = windows.map(rowOf);
  return names.map((name) => rows.map((row) => row[name]));
}

function rowOf({ label, key, ...window }: Window): WindowRow {
  const byKey = key !== undefined;
  const from = window.from ?? null;
  const to = window.to ?? null;
  const isNull = window.isNull ?? false;
  return {
    window_label: label,
    window_from: byKey ? (key.partition?.from ?? null) : from,
    window_to: byKey ? (key.partition?.to ?? null) : to,
    window_null: !byKey && isNull,
    key_of: key?.of ?? null,
    key_from: byKey ? from : null,
    key_to: byKey ? to : null,
    key_null: byKey && isNull,
  };
}

export function windowOf(row: WindowRow): Window {
  const byKey = row.key_of !== null;
  const [from, to] = byKey ? [row.key_from, row.key_to] : [row.window_from, row.window_to];
  return {
    label: row.window_label,
    ...(from !== null && { from }),
    ...(to !== null && { to }),
    ...((row.window_null || row.key_null) && { isNull: true as const }),
    ...(row.key_of !== null && { key: { of: row.key_of, ...partitionOf(row) } }),
  };
}

function partitionOf({ window_from: from, window_to: to }: WindowRow) {
  return from === null || to === null ? {} : { partition: { from, to } };
}
