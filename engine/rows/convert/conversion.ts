import type { ColumnVector } from '../column-batch.js';
import type { Policy } from '../fits.js';
import type { Column } from '../types.js';

/** A column of the target; `fail` where it names no policy. */
export interface TargetTyped extends Column {
  readonly policy?: Policy;
}

/** What a conversion has to tell of single rows of its batch. */
export interface Findings {
  /** The target cannot hold the row's value, and no policy covers it. `reason` and `what`: see `Poison`. */
  poison(row: number, reason: string, what: string): void;
  /** The column's policy has changed the row's value. */
  changed(row: number): void;
}

/**
 * Gives the values of a column as the target holds them: the vector itself where nothing has to change, else one that
 * is valid until the next call. A row that is poison has any value.
 */
export type Conversion = (vector: ColumnVector, rows: number, findings: Findings) => ColumnVector;

export const unchanged: Conversion = (vector) => vector;

export function outOfCalendar(findings: Findings, row: number): void {
  findings.poison(row, 'OUT_OF_CALENDAR', 'the date lies outside of the years 0001 to 9999');
}

export function tooManyDigits(findings: Findings, row: number, precision: number): void {
  findings.poison(row, 'FRACTION_DIGITS', `the time has more than ${precision} fraction digits`);
}

/**
 * What has to be added to a fraction that is `beyond` above a multiple of `unit`, by the policy; undefined for `fail`.
 * Half of a unit goes up: a clock's digits have no sign, so that is away from zero.
 */
export function roundingOf(policy: Policy, beyond: number, unit: number): number | undefined {
  if (policy === 'truncate') return -beyond;
  if (policy !== 'round') return undefined;
  return beyond * 2 >= unit ? unit - beyond : -beyond;
}
