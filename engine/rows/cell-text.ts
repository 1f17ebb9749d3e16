import type { Cell, LogicalType } from './types.js';
import { dateText, timestampFormatter } from './wall-clock.js';

/** Text of a cell that is not NULL. */
export type CellText = (cell: Exclude<Cell, null>) => string;

/**
 * Builds the function that prints cells of one type the way every side prints them: `-12`, `-0.500`,
 * `2025-01-31`, `2025-01-31 23:59:59.997`; text as it is, booleans as `1` and `0`.
 */
export function cellText(type: LogicalType): CellText {
  switch (type.kind) {
    case 'bool':
      return (cell) => (cell ? '1' : '0');
    case 'int':
    case 'text':
      return String;
    case 'decimal':
      return (cell) => decimalText(cell as bigint, type.scale);
    case 'date': {
      let lastDay = Number.NaN;
      let lastText = '';
      return (cell) => {
        if (cell !== lastDay) {
          lastDay = cell as number;
          lastText = dateText(lastDay);
        }
        return lastText;
      };
    }
    case 'timestamp':
      return timestampFormatter(type.precision) as CellText;
  }
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
