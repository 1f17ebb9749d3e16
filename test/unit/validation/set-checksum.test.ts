import fc from 'fast-check';
import {
  addChecksums,
  describeDifference,
  emptyChecksum,
  equalChecksums,
  parseSetChecksum,
  subtractChecksum,
} from '../../../engine/validation/set-checksum.js';

const anySum = fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n });

describe('parseSetChecksum', () => {
  test('takes the sum of no rows for zero', () => {
    expect(parseSetChecksum(0, null)).toEqual(emptyChecksum);
  });

  test('gives the same for signed and unsigned sums of the same hashes', () => {
    expect(parseSetChecksum('2', '-1')).toEqual(parseSetChecksum(2n, 2n ** 64n - 1n));
    expect(parseSetChecksum(1, '-1').sum).toBe('ffffffffffffffff');
  });

  test('does not lose digits of a sum beyond 2^64', () => {
    expect(parseSetChecksum(3, '55340232221128654845').sum).toBe('fffffffffffffffd');
  });
});

describe('addChecksums', () => {
  test('of parts is the checksum of the whole', () => {
    fc.assert(
      fc.property(fc.array(anySum), (sums) => {
        const total = sums.reduce((left, right) => left + right, 0n);
        const parts = sums.map((sum) => parseSetChecksum(1, sum));
        expect(addChecksums(parts)).toEqual(parseSetChecksum(sums.length, total));
      }),
    );
  });

  test('of nothing is empty', () => {
    expect(addChecksums([])).toEqual(emptyChecksum);
  });
});

describe('subtractChecksum', () => {
  test('leaves what a part was added to', () => {
    fc.assert(
      fc.property(anySum, anySum, (left, right) => {
        const [one, two] = [parseSetChecksum(3, left), parseSetChecksum(4, right)];
        expect(subtractChecksum(addChecksums([one, two]), two)).toEqual(one);
      }),
    );
  });
});

describe('describeDifference', () => {
  const one = parseSetChecksum(10, 1n);
  test.each([
    [parseSetChecksum(9, 1n), 'raw has 10 rows and transformed has 9: 1 missing'],
    [parseSetChecksum(13, 1n), 'raw has 10 rows and transformed has 13: 3 too many'],
    [parseSetChecksum(10, 2n), 'both have 10 rows, but different values in at least one'],
    [one, 'raw and transformed are equal, 10 rows'],
  ])('%j', (actual, expected) => {
    expect(describeDifference(one, actual, ['raw', 'transformed'])).toContain(expected);
  });

  test('equality needs both rows and sum', () => {
    expect(equalChecksums(one, { ...one })).toBe(true);
    expect(equalChecksums(one, { ...one, rows: 11 })).toBe(false);
    expect(equalChecksums(one, parseSetChecksum(10, 2n))).toBe(false);
  });
});
