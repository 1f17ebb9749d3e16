import {
  type ColumnVector,
  createVector,
  type FloatVector,
  layoutOf,
  type VarVector,
  wordsOf,
} from '../column-batch.js';
import { createMagnitude, loadMagnitude, multiply, storeMagnitude } from '../magnitude.js';
import type { LogicalType } from '../types.js';
import { type Conversion, unchanged } from './conversion.js';

type Numbers = Exclude<ColumnVector, VarVector>;
type Exact = Extract<LogicalType, { kind: 'int' | 'decimal' }>;

const two32 = 2 ** 32;
/** Up to this power of ten a 32-bit integer times it is an exact double, and a factor that `multiply` takes. */
const largestPower = 6;

/**
 * Integers and decimals into wider ones of at least their scale. Values must be within their declared type, which is
 * what their readers see to; so all fit.
 */
export function numberConversion(from: Exact, to: Exact): Conversion {
  const power = scaleOf(to) - scaleOf(from);
  const source = layoutOf(from);
  const target = layoutOf(to);
  if (power === 0 && source === target) return unchanged;
  const own = createVector(target) as Numbers;
  const fill = source !== 'i64' && source !== 'i128' && power <= largestPower ? fillSmall : fillLarge;
  return (vector, rows) => {
    fill(vector as Numbers, own, rows, power);
    return { ...own, nulls: vector.nulls, nullCount: vector.nullCount };
  };
}

export function floatConversion(from: 32 | 64, to: 32 | 64): Conversion {
  if (from === to) return unchanged;
  const own = createVector('f64') as FloatVector;
  return (vector, rows) => {
    own.data.set((vector as FloatVector).data.subarray(0, rows));
    return { ...own, nulls: vector.nulls, nullCount: vector.nullCount };
  };
}

function scaleOf(type: Exact): number {
  return type.kind === 'decimal' ? type.scale : 0;
}

function fillSmall(vector: Numbers, own: Numbers, rows: number, power: number): void {
  const factor = 10 ** power;
  if (own.layout !== 'i64' && own.layout !== 'i128') {
    for (let row = 0; row < rows; row++) own.data[row] = (vector.data[row] as number) * factor;
    return;
  }
  const words = own.layout === 'i64' ? 2 : 4;
  for (let row = 0; row < rows; row++) {
    const value = (vector.data[row] as number) * factor;
    own.data[row * words] = value;
    own.data[row * words + 1] = Math.floor(value / two32);
    if (words === 4) own.data.fill(value < 0 ? -1 : 0, row * 4 + 2, row * 4 + 4);
  }
}

function fillLarge(vector: Numbers, own: Numbers, rows: number, power: number): void {
  const words = wordsOf[own.layout as keyof typeof wordsOf];
  const magnitude = createMagnitude();
  for (let row = 0; row < rows; row++) {
    const negative = loadMagnitude(magnitude, vector, row);
    for (let left = power; left > 0; left -= largestPower)
      multiply(magnitude, 10 ** Math.min(left, largestPower));
    storeMagnitude(magnitude, negative, own.data as Int32Array, row * words, words);
  }
}
