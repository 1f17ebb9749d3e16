import fc from 'fast-check';
import type { Cell, Column, LogicalType, RowBatch } from '../../engine/rows/types.js';

const microsecondsPerDay = 86_400_000_000n;
const firstDay = Math.round(Date.UTC(2000, 0, 1) / 86_400_000) - 730_119;
const lastDay = Math.round(Date.UTC(9999, 11, 31) / 86_400_000);

export const anyType: fc.Arbitrary<LogicalType> = fc.oneof(
  fc.constant<LogicalType>({ kind: 'bool' }),
  fc.constantFrom<LogicalType>(...([8, 16, 32, 64] as const).map((bits) => ({ kind: 'int', bits }) as const)),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) =>
      fc
        .integer({ min: 0, max: precision })
        .map((scale): LogicalType => ({ kind: 'decimal', precision, scale })),
    ),
  fc.constant<LogicalType>({ kind: 'date' }),
  fc.constantFrom<LogicalType>(
    ...([0, 1, 2, 3, 4, 5, 6] as const).map((precision) => ({ kind: 'timestamp', precision }) as const),
  ),
  fc.constant<LogicalType>({ kind: 'text' }),
);

const awkwardText = fc.constantFrom(
  '',
  ' ',
  'trailing  ',
  'line\nfeed\r\ttab',
  'back\\slash \\N \\.',
  `'"[]`,
  '~;',
  '3:abc;',
  '😀é漢',
  '\u007f\u0080\ufffd',
);
/** Text without U+0000, which PostgreSQL refuses, and without lone surrogates. */
const anyText = fc.oneof(
  awkwardText,
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
);

/** Any value but NULL that a column of the type can hold, the extremes often. */
function anyCell(type: LogicalType): fc.Arbitrary<Exclude<Cell, null>> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'int':
      return anyInteger(type.bits);
    case 'decimal': {
      const max = 10n ** BigInt(type.precision) - 1n;
      return fc.oneof(fc.bigInt({ min: -max, max }), fc.constantFrom(0n, 1n, -1n, max, -max));
    }
    case 'date':
      return fc.oneof(fc.integer({ min: firstDay, max: lastDay }), fc.constantFrom(firstDay, lastDay, -1, 0));
    case 'timestamp': {
      const unit = 10n ** BigInt(6 - type.precision);
      const min = (BigInt(firstDay) * microsecondsPerDay) / unit;
      const max = (BigInt(lastDay + 1) * microsecondsPerDay) / unit - 1n;
      return fc
        .oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, -1n, 0n, 1n))
        .map((value) => value * unit);
    }
    case 'text':
      return anyText;
  }
}

function anyInteger(bits: 8 | 16 | 32 | 64): fc.Arbitrary<number | bigint> {
  if (bits === 8) return fc.integer({ min: 0, max: 255 });
  if (bits === 64) {
    const limit = 2n ** 63n;
    return fc.oneof(fc.bigInt({ min: -limit, max: limit - 1n }), fc.constantFrom(-limit, limit - 1n));
  }
  const limit = 2 ** (bits - 1);
  return fc.oneof(fc.integer({ min: -limit, max: limit - 1 }), fc.constantFrom(-limit, limit - 1));
}

export function anyColumnCells(type: LogicalType, rows: number): fc.Arbitrary<readonly Cell[]> {
  return fc.array(fc.option(anyCell(type), { freq: 6 }), { minLength: rows, maxLength: rows });
}

/** Some columns of any types, and a batch of rows for them. */
export const anyRows: fc.Arbitrary<{ readonly columns: readonly Column[]; readonly batch: RowBatch }> = fc
  .tuple(fc.array(anyType, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 12 }))
  .chain(([types, rows]) =>
    fc.tuple(...types.map((type) => anyColumnCells(type, rows))).map((cells) => ({
      columns: types.map((type, index) => ({ name: `c${index}`, type, nullable: true })),
      batch: { rows, columns: cells },
    })),
  );

/** Row-major view of a batch. */
export function rowsOf(batch: RowBatch): readonly (readonly Cell[])[] {
  return Array.from({ length: batch.rows }, (_, row) => batch.columns.map((column) => column[row] ?? null));
}
