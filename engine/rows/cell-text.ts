import type { Cell, LogicalType } from './types.js';
import { dateText, timestampFormatter } from './wall-clock.js';

/** Text of a cell that is not NULL. */
export type CellText = (cell: Exclude<Cell, null>) => string;

/**
 * Builds the function that prints cells of one type for people and for text formats: `-12`, `-0.500`, `2025-01-31`,
 * `2025-01-31 23:59:59.997`; text as it is, booleans as `1` and `0`, floats by their shortest digits, bytes in hex.
 */
export function cellText(type: LogicalType): CellText {
  switch (type.kind) {
    case 'bool':
      return (cell) => (cell ? '1' : '0');
    case 'int':
    case 'time':
    case 'offsetTimestamp':
    case 'uuid':
    case 'text':
      return String;
    case 'decimal':
      return (cell) => decimalText(cell as bigint, type.scale);
    case 'float':
      return type.bits === 32 ? (cell) => shortest(cell as number) : (cell) => printed(cell as number);
    case 'date':
      return (cell) => dateText(cell as number);
    case 'timestamp':
      return type.precision === 7 ? String : (timestampFormatter(type.precision) as CellText);
    case 'instant':
      return timestampFormatter(type.precision) as CellText;
    case 'bytes':
      return (cell) => hexOf(cell as Uint8Array);
  }
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = unscaled.toString();
  if (scale === 0) return digits;
  if (unscaled < 0n) return `-${withPoint(digits.slice(1), scale)}`;
  return withPoint(digits, scale);
}

function withPoint(digits: string, scale: number): string {
  const point = digits.length - scale;
  return point > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : `0.${digits.padStart(scale, '0')}`;
}

/** The fewest digits that give the same 32-bit float back; nine always do. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    // Digits do not keep the sign of zero.
    if (Math.fround(rounded) === value) return printed(value === 0 ? value : rounded);
  }
  return printed(Number(value.toPrecision(9)));
}

/** JavaScript prints -0 as 0. */
function printed(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
