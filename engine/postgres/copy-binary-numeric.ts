import { type ColumnVector, layoutOf } from '../rows/column-batch.js';
import { createMagnitude, divide, isZero, loadMagnitude } from '../rows/magnitude.js';
import type { FieldCode } from './copy-binary-field.js';

/** PostgreSQL keeps numerics in groups of four digits, which lie around the decimal point. */
const groupDigits = 4;
const groupBase = 10_000;
/** ndigits, weight, sign and dscale, 16 bits each. */
const headerBytes = 8;
const negativeSign = 0x4000;

/** Digits of the largest number that fits into a layout. */
const digitsOf = { i16: 5, i32: 10, i64: 19, i128: 39 } as const;
type DecimalLayout = keyof typeof digitsOf;

/** Below it a double is exact; it has 16 digits. */
const largestExact = 2 ** 53;
const exactDigits = 16;
const largestInteger = 2 ** 31;

/**
 * numeric, with the scale as declared, which PostgreSQL shows in full. A value within its precision that a double
 * holds has as many groups as its column asks for, zeros included, which PostgreSQL drops; all others take a call.
 * What is beyond its precision is sent as it is: the server refuses it.
 */
export function numericCode(precision: number, scale: number): FieldCode {
  const layout = layoutOf({ kind: 'decimal', precision, scale }) as DecimalLayout;
  const fraction = groupsOf(scale);
  const groups = Math.max(1, fraction + groupsOf(Math.min(precision, exactDigits) - scale));
  const limit = Math.min(10 ** precision, largestExact);
  const length = headerBytes + groups * 2;
  return {
    most: headerBytes + 2 * (fraction + groupsOf(digitsOf[layout] - scale)),
    write: (column) => `const value = ${valueCode(layout, column)}; const size = Math.abs(value);
      if (size < ${limit}) {
        view.setInt32(at, ${length});
        view.setInt16(at + 4, ${groups});
        view.setInt16(at + 6, ${groups - fraction - 1});
        view.setInt16(at + 8, value < 0 ? ${negativeSign} : 0);
        view.setInt16(at + 10, ${scale});
        ${groupsCode(groups, scale, limit)}
        at += ${4 + length};
      } else at = help.writeLargeNumeric(view, at, columns[${column}], row, ${scale});`,
  };
}

function groupsOf(digits: number): number {
  return Math.max(0, Math.ceil(digits / groupDigits));
}

/** The unscaled value, or the nearest double, which is then beyond what is exact; Infinity where more words count. */
function valueCode(layout: DecimalLayout, column: number): string {
  const data = `data${column}`;
  if (layout === 'i16' || layout === 'i32') return `${data}[row]`;
  const words = layout === 'i64' ? 2 : 4;
  const value = `${data}[row * ${words} + 1] * 4294967296 + (${data}[row * ${words}] >>> 0)`;
  if (words === 2) return value;
  const sign = `${data}[row * 4 + 1] >> 31`;
  return `${data}[row * 4 + 2] === ${sign} && ${data}[row * 4 + 3] === ${sign} ? ${value} : Infinity`;
}

/** The lowest group first, with as many digits as the scale leaves to it; by integers, which are faster, once they fit. */
function groupsCode(groups: number, scale: number, limit: number): string {
  const statements: string[] = [];
  const { base, lift } = lowestGroup(scale);
  let most = limit;
  for (let group = groups - 1; group >= 0; group--) {
    const [divisor, factor] = group === groups - 1 ? [base, lift] : [groupBase, 1];
    const [rest, next] = [`rest${group + 1}`, `rest${group}`];
    const before = group === groups - 1 ? 'size' : rest;
    const quotient =
      most <= largestInteger ? `((${before} | 0) / ${divisor}) | 0` : `Math.floor(${before} / ${divisor})`;
    const digits = `(${before} - ${next} * ${divisor}) * ${factor}`;
    statements.push(
      `const ${next} = ${quotient}; view.setInt16(at + ${4 + headerBytes + group * 2}, ${digits});`,
    );
    most /= divisor;
  }
  return statements.join('\n        ');
}

/** What the digits of the lowest group count up to, and what lifts them to their place in it. */
function lowestGroup(scale: number): { readonly base: number; readonly lift: number } {
  const base = scale % groupDigits === 0 ? groupBase : 10 ** (scale % groupDigits);
  return { base, lift: groupBase / base };
}

const magnitude = createMagnitude();
const digits = new Int16Array(12);

/** Writes a value of any size with as many groups as it has; returns the place behind it. */
export function writeLargeNumeric(
  view: DataView,
  at: number,
  vector: ColumnVector,
  row: number,
  scale: number,
): number {
  const negative = loadMagnitude(magnitude, vector, row);
  const fraction = groupsOf(scale);
  const { base, lift } = lowestGroup(scale);
  digits[0] = divide(magnitude, base) * lift;
  let groups = 1;
  while (groups < fraction || !isZero(magnitude)) digits[groups++] = divide(magnitude, groupBase);
  const length = headerBytes + groups * 2;
  view.setInt32(at, length);
  view.setInt16(at + 4, groups);
  view.setInt16(at + 6, groups - fraction - 1);
  view.setInt16(at + 8, negative ? negativeSign : 0);
  view.setInt16(at + 10, scale);
  for (let group = 0; group < groups; group++)
    view.setInt16(at + 4 + length - 2 - group * 2, digits[group] as number);
  return at + 4 + length;
}
