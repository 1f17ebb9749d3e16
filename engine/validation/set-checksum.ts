import type { SetChecksum } from '../rows/types.js';

/** The checksum of no rows; the neutral element of `addChecksums`. */
export const emptyChecksum: SetChecksum = { rows: 0, sum: '0000000000000000' };

/**
 * A set checksum out of what a checksum SELECT gave. `sum` is a decimal integer of any sign and size (drivers give
 * text or bigint), NULL over no rows; it is reduced modulo 2^64.
 */
export function parseSetChecksum(rows: number | bigint | string, sum: string | bigint | null): SetChecksum {
  return { rows: Number(rows), sum: hexDigits(sum === null ? 0n : BigInt(sum)) };
}

/** The checksum of disjoint sets together. */
export function addChecksums(list: readonly SetChecksum[]): SetChecksum {
  let rows = 0;
  let sum = 0n;
  for (const checksum of list) {
    rows += checksum.rows;
    sum += BigInt(`0x${checksum.sum}`);
  }
  return { rows, sum: hexDigits(sum) };
}

/** The checksum of `whole` without its subset `part`. */
export function subtractChecksum(whole: SetChecksum, part: SetChecksum): SetChecksum {
  return { rows: whole.rows - part.rows, sum: hexDigits(BigInt(`0x${whole.sum}`) - BigInt(`0x${part.sum}`)) };
}

export function equalChecksums(a: SetChecksum, b: SetChecksum): boolean {
  return a.rows === b.rows && a.sum === b.sum;
}

/**
 * One sentence that says in which way two checksums differ; `hopNames` names the places they were taken at,
 * the expected one first.
 */
export function describeDifference(
  expected: SetChecksum,
  actual: SetChecksum,
  hopNames: readonly [expected: string, actual: string],
): string {
  const [before, after] = hopNames;
  const difference = actual.rows - expected.rows;
  if (difference !== 0) {
    const kind = difference < 0 ? 'missing' : 'too many';
    return `${before} has ${expected.rows} rows and ${after} has ${actual.rows}: ${Math.abs(difference)} ${kind}`;
  }
  if (equalChecksums(expected, actual)) return `${before} and ${after} are equal, ${expected.rows} rows`;
  return (
    `${before} and ${after} both have ${expected.rows} rows, but different values in at least one: ` +
    `checksum ${expected.sum} against ${actual.sum}`
  );
}

function hexDigits(sum: bigint): string {
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}
