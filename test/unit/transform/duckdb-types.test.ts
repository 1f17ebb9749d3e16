import fc from 'fast-check';
import { layoutOf } from '../../../engine/rows/column-batch.js';
import { duckdbTypeOf } from '../../../engine/transform/duckdb-types.js';
import { anyType } from '../../support/arbitrary-rows.js';

describe('duckdbTypeOf', () => {
  test('keeps tinyint unsigned, every time up to microseconds in microseconds, and decimals whole', () => {
    expect(duckdbTypeOf({ kind: 'int', bits: 8 })).toBe('UTINYINT');
    expect(duckdbTypeOf({ kind: 'timestamp', precision: 0 })).toBe('TIMESTAMP');
    expect(duckdbTypeOf({ kind: 'instant', precision: 6 })).toBe('TIMESTAMP');
    expect(duckdbTypeOf({ kind: 'decimal', precision: 38, scale: 38 })).toBe('DECIMAL(38,38)');
  });

  test('is VARCHAR or BLOB for just those types whose vectors hold bytes', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        const inHeap = ['VARCHAR', 'BLOB'].includes(duckdbTypeOf(type));
        expect(inHeap).toBe(layoutOf(type) === 'var');
      }),
    );
  });
});
