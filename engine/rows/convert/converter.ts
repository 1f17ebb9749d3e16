import { MigrationError } from '../../errors.js';
import type { ColumnBatch, ColumnVector } from '../column-batch.js';
import { describeType } from '../describe-type.js';
import { type Policy, policyInto } from '../fits.js';
import type { Poison } from '../quarantine.js';
import type { Column, LogicalType } from '../types.js';
import { type Conversion, type Findings, type TargetTyped, unchanged } from './conversion.js';
import { dateConversion, momentConversion } from './moments.js';
import { floatConversion, numberConversion } from './numbers.js';
import { textMomentConversion, timeConversion } from './text-moments.js';
import { textConversion, uuidConversion } from './texts.js';

export interface ConvertedBatch {
  /** In the layouts of the target's types; valid as long as the batch that it comes from. */
  readonly batch: ColumnBatch;
  /** Rows that the target cannot hold, by their place in the batch. What `batch` holds of them means nothing. */
  readonly poison: ReadonlyMap<number, Poison>;
  readonly changes: readonly PolicyChange[];
}

/** The rows, by their place in the batch, whose value in a column its policy has changed; some may be poison. */
interface PolicyChange {
  readonly column: string;
  readonly policy: Policy;
  readonly rows: readonly number[];
}

export interface Converter {
  /** Whether each row has the same canonical text before and after, and so the same hash. */
  readonly exact: boolean;
  convert(batch: ColumnBatch): ConvertedBatch;
}

/**
 * Builds the converter of rows of `source` types into those of `target`, column by column in order. It looks at all
 * that a target's type does not hold: U+0000 and too many characters in text, dates outside of the years 0001 to 9999,
 * fraction digits, NULL in a NOT NULL column, and texts that are no time or uuid. Numbers are not looked at: they are
 * what their types say.
 * @throws MigrationError CONFIG_INVALID for types, or a policy, by which no value can come across.
 */
export function createConverter(source: readonly Column[], target: readonly TargetTyped[]): Converter {
  if (source.length !== target.length)
    throw new TypeError(`${source.length} columns cannot become ${target.length}`);
  const conversions = target.map((column, index) => conversionOf(source[index] as Column, column));
  const exact = target.every((column, index) => {
    const from = (source[index] as Column).type;
    return policyLeft(from, column) === 'fail' && readsAlike(from, column.type);
  });

  function convert(batch: ColumnBatch): ConvertedBatch {
    const poison = new Map<number, Poison>();
    const changes: PolicyChange[] = [];
    const columns = batch.columns.map((vector, index) => {
      const column = target[index] as TargetTyped;
      const rows: number[] = [];
      const findings: Findings = {
        poison: (row, reason, what) => {
          if (!poison.has(row)) poison.set(row, { reason, what, column: column.name });
        },
        changed: (row) => rows.push(row),
      };
      if (!column.nullable && vector.nullCount > 0) findNulls(vector, batch.rows, findings);
      const converted = (conversions[index] as Conversion)(vector, batch.rows, findings);
      if (rows.length > 0) changes.push({ column: column.name, policy: column.policy ?? 'fail', rows });
      return converted;
    });
    return { batch: { rows: batch.rows, columns }, poison, changes };
  }

  return { exact, convert };
}

function findNulls({ nulls }: ColumnVector, rows: number, findings: Findings): void {
  for (let row = 0; row < rows; row++)
    if (nulls[row] === 1)
      findings.poison(row, 'NULL_VALUE', 'the value is NULL in a column that is NOT NULL');
}

/** What is left to do of a column's policy: a text that was to come as its bytes has been read so. */
function policyLeft(from: LogicalType, { policy = 'fail' }: TargetTyped): Policy {
  return policy === 'bytes' && from.kind === 'bytes' ? 'fail' : policy;
}

function conversionOf({ type: from }: Column, column: TargetTyped): Conversion {
  const { name, type: to } = column;
  const policy = policyLeft(from, column);
  const possible = policyInto(from, to);
  if (!possible.includes(policy))
    throw new MigrationError(
      'CONFIG_INVALID',
      `Column ${name}: a source of ${describeType(from)} cannot become ${describeType(to)} by policy '${policy}'. ` +
        `Allowed: ${possible.join(', ') || 'none; choose another type'}.`,
    );
  switch (to.kind) {
    case 'bool':
    case 'bytes':
      return unchanged;
    case 'int':
    case 'decimal':
      return numberConversion(from as typeof to, to);
    case 'float':
      return floatConversion((from as typeof to).bits, to.bits);
    case 'date':
      return dateConversion;
    case 'time':
      return timeConversion({ from: (from as typeof to).precision, to: to.precision }, policy);
    case 'timestamp':
    case 'instant':
      return intoMoment(from as typeof to, to.precision, policy);
    case 'offsetTimestamp':
      throw new TypeError('PostgreSQL has no type that keeps an offset');
    case 'uuid':
      return uuidConversion;
    case 'text':
      return from.kind === 'text' ? textConversion(to.maxLength, policy) : unchanged;
  }
}

function intoMoment(
  from: Extract<LogicalType, { kind: 'timestamp' | 'offsetTimestamp' | 'instant' }>,
  to: number,
  policy: Policy,
): Conversion {
  const withOffset = from.kind === 'offsetTimestamp';
  if (!withOffset && from.precision !== 7) return momentConversion(to, policy);
  return textMomentConversion({ from: from.precision, to }, withOffset, policy);
}

/** Whether every value has the same canonical text in both types. */
function readsAlike(from: LogicalType, to: LogicalType): boolean {
  const scales = [from, to].map((type) =>
    type.kind === 'decimal' ? type.scale : type.kind === 'int' ? 0 : undefined,
  );
  if (scales[0] !== undefined) return scales[0] === scales[1];
  if (from.kind !== to.kind) return false;
  if ('precision' in from && 'precision' in to) return from.precision === to.precision;
  return from.kind !== 'float' || from.bits === (to as typeof from).bits;
}
