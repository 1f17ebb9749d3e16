import { layoutOf } from './column-batch.js';
import type { LogicalType } from './types.js';

/**
 * What to do with a value that the target's type cannot hold: `fail` leaves its row out, as poison; `replace` puts
 * U+FFFD for a character; `round` goes to the nearest, half away from zero; `truncate` cuts digits or characters;
 * `bytes` takes a text as the bytes that its source has it in.
 */
export type Policy = 'fail' | 'replace' | 'round' | 'truncate' | 'bytes';

/** Decimal digits of the largest magnitude of each integer width. */
const digitsOfInt = { 8: 3, 16: 5, 32: 10, 64: 19 } as const;
/** Decimal digits that always fit into each integer width, either sign; none for the unsigned tinyint. */
const digitsIntoInt = { 8: 0, 16: 4, 32: 9, 64: 18 } as const;

/** Characters of the text that a value rests as; undefined for a type that does not rest as text, or without a limit. */
function textLengthOf(type: LogicalType): number | undefined {
  const fraction = 'precision' in type && type.precision > 0 ? type.precision + 1 : 0;
  switch (type.kind) {
    case 'time':
      return 8 + fraction;
    case 'timestamp':
      return 19 + fraction;
    case 'offsetTimestamp':
      return 26 + fraction;
    case 'uuid':
      return 36;
    case 'text':
      return type.maxLength;
    default:
      return undefined;
  }
}

/**
 * Whether every value of `from` can be held by `to` with the same meaning. A wider type on the right is fine, and so is
 * text for what rests as text; any other change of meaning (number to text, date to timestamp) is not. An
 * offsetTimestamp into an instant is the same point in time: that its offset is not kept is what the type says.
 */
export function losslessInto(from: LogicalType, to: LogicalType): boolean {
  switch (to.kind) {
    case 'bool':
    case 'date':
    case 'uuid':
      return from.kind === to.kind;
    case 'int':
      if (from.kind === 'int') return to.bits >= from.bits;
      return from.kind === 'decimal' && from.scale === 0 && from.precision <= digitsIntoInt[to.bits];
    case 'decimal': {
      const whole = to.precision - to.scale;
      if (from.kind === 'int') return whole >= digitsOfInt[from.bits];
      return from.kind === 'decimal' && to.scale >= from.scale && whole >= from.precision - from.scale;
    }
    case 'float':
      return from.kind === 'float' && to.bits >= from.bits;
    case 'time':
    case 'timestamp':
    case 'offsetTimestamp':
    case 'instant':
      return sameClock(from, to) && to.precision >= from.precision;
    case 'text':
      return restsAsText(from) && (to.maxLength ?? Infinity) >= (textLengthOf(from) ?? Infinity);
    case 'bytes':
      if (from.kind === 'text') return to.maxLength === undefined;
      return from.kind === 'bytes' && (to.maxLength ?? Infinity) >= (from.maxLength ?? Infinity);
  }
}

/**
 * The policies that a column of `from` may name to be held by `to`, `fail` first; none where the pair is impossible. A
 * pair that is not lossless is possible only by a named policy. Text has some even where it is lossless by its type, as
 * PostgreSQL's cannot hold U+0000. `bytes` is none of them, as it is how a text is read: see `encodedTypeOf`.
 */
export function policyInto(from: LogicalType, to: LogicalType): readonly Policy[] {
  if (losslessInto(from, to))
    return from.kind === 'text' && to.kind === 'text' ? ['fail', 'replace'] : ['fail'];
  if (from.kind === 'text' && to.kind === 'text') return ['fail', 'replace', 'truncate'];
  return sameClock(from, to) ? ['fail', 'round', 'truncate'] : [];
}

/**
 * What a transform gives for a column of `type`: that type itself, to which it casts, but text of any length, as DuckDB's
 * has none. It is for the import to hold that against the column.
 */
export function transformedType(type: LogicalType): LogicalType {
  return type.kind === 'text' ? { kind: 'text' } : type;
}

type Clock = Extract<LogicalType, { kind: 'time' | 'timestamp' | 'offsetTimestamp' | 'instant' }>;

/** Whether both are times of one meaning, which differ at most in their digits. */
function sameClock(from: LogicalType, to: LogicalType): from is Clock {
  switch (from.kind) {
    case 'time':
    case 'timestamp':
    case 'instant':
      return to.kind === from.kind;
    case 'offsetTimestamp':
      return to.kind === 'offsetTimestamp' || to.kind === 'instant';
    default:
      return false;
  }
}

/** Whether text is the form that a value has in memory and in Parquet. */
function restsAsText(type: LogicalType): boolean {
  return type.kind !== 'bytes' && layoutOf(type) === 'var';
}
