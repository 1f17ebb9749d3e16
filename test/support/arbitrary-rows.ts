import fc from 'fast-check';
import type { Cell, Column, LogicalType, TimePrecision } from '../../engine/rows/types.js';

const firstDay = Math.round(Date.UTC(2000, 0, 1) / 86_400_000) - 730_119;
const lastDay = Math.round(Date.UTC(9999, 11, 31) / 86_400_000);

const fractions = [0, 1, 2, 3, 4, 5, 6, 7] as const;

export const anyType: fc.Arbitrary<LogicalType> = fc.oneof(
  fc.constantFrom<LogicalType>({ kind: 'bool' }, { kind: 'date' }, { kind: 'uuid' }),
  fc.constantFrom(8 as const, 16, 32, 64).map((bits): LogicalType => ({ kind: 'int', bits })),
  fc.constantFrom(32 as const, 64).map((bits): LogicalType => ({ kind: 'float', bits })),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) =>
      fc
        .integer({ min: 0, max: precision })
        .map((scale): LogicalType => ({ kind: 'decimal', precision, scale })),
    ),
  fc
    .tuple(fc.constantFrom('time' as const, 'timestamp', 'offsetTimestamp'), fc.constantFrom(...fractions))
    .map(([kind, precision]): LogicalType => ({ kind, precision })),
  fc
    .constantFrom(0 as const, 1, 2, 3, 4, 5, 6)
    .map((precision): LogicalType => ({ kind: 'instant', precision })),
  fc.constantFrom<LogicalType>({ kind: 'text' }, { kind: 'bytes' }),
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
    case 'float':
      return anyFloat(type.bits);
    case 'date':
      return fc.oneof(fc.integer({ min: firstDay, max: lastDay }), fc.constantFrom(firstDay, lastDay, -1, 0));
    case 'time':
      return anyTicks(type.precision, 0n, 1n).map((ticks) => clockText(ticks, type.precision));
    case 'timestamp':
      return anyWallClock(type.precision);
    case 'instant':
      return anyWallClock(type.precision) as fc.Arbitrary<bigint>;
    case 'offsetTimestamp':
      // SQL Server keeps the instant in the years 0001 to 9999 too, so the outermost days go with UTC only.
      return fc
        .oneof(
          fc.tuple(anyWallClockText(type.precision), fc.constant('+00:00')),
          fc.tuple(anyWallClockText(type.precision, firstDay + 1, lastDay - 1), anyOffset),
        )
        .map(([text, offset]) => `${text} ${offset}`);
    case 'uuid':
      return fc.uuid();
    case 'text':
      return anyText;
    case 'bytes':
      return fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(255, 0, 59)),
      );
  }
}

/** Any bits but those of infinities and NaN, which SQL Server does not hold. */
function anyFloat(bits: 32 | 64): fc.Arbitrary<number> {
  const finite = { noNaN: true, noDefaultInfinity: true };
  return bits === 32
    ? fc.oneof(fc.float(finite), fc.constantFrom(0, -0, 2 ** -149, -(2 ** -149), Math.fround(3.4028235e38)))
    : fc.oneof(fc.double(finite), fc.constantFrom(0, -0, Number.MIN_VALUE, Number.MAX_VALUE, 0.1));
}

/** Units of the last of `precision` digits, between two days counted from 1970-01-01, the second one excluded. */
function anyTicks(precision: number, fromDay: bigint, toDay: bigint): fc.Arbitrary<bigint> {
  const perDay = 86_400n * 10n ** BigInt(precision);
  const [min, max] = [fromDay * perDay, toDay * perDay - 1n];
  const middle = min < 0n ? [-1n, 0n, 1n] : [min + 1n];
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, ...middle));
}

function anyWallClock(precision: TimePrecision): fc.Arbitrary<bigint | string> {
  if (precision === 7) return anyWallClockText(precision);
  const unit = 10n ** BigInt(6 - precision);
  return anyTicks(precision, BigInt(firstDay), BigInt(lastDay + 1)).map((ticks) => ticks * unit);
}

function anyWallClockText(precision: TimePrecision, from = firstDay, to = lastDay): fc.Arbitrary<string> {
  const perDay = 86_400n * 10n ** BigInt(precision);
  return anyTicks(precision, BigInt(from), BigInt(to + 1)).map((ticks) => {
    const clock = ((ticks % perDay) + perDay) % perDay;
    const day = new Date(Number((ticks - clock) / perDay) * 86_400_000).toISOString().slice(0, 10);
    return `${day} ${clockText(clock, precision)}`;
  });
}

function clockText(ticks: bigint, precision: TimePrecision): string {
  const digits = ticks % 10n ** BigInt(precision);
  const seconds = Number(ticks / 10n ** BigInt(precision));
  const clock = new Date(seconds * 1000).toISOString().slice(11, 19);
  return precision === 0 ? clock : `${clock}.${String(digits).padStart(precision, '0')}`;
}

const anyOffset = fc
  .oneof(fc.integer({ min: -840, max: 840 }), fc.constantFrom(-840, 840, 0, 330, -1))
  .map((minutes) => {
    const two = (value: number) => String(value).padStart(2, '0');
    const distance = Math.abs(minutes);
    return `${minutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
  });

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

/** Some columns of any types, and row-major cells for them. */
export const anyRows: fc.Arbitrary<{ readonly columns: readonly Column[]; readonly rows: Cell[][] }> = fc
  .tuple(fc.array(anyType, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 12 }))
  .chain(([types, rows]) =>
    fc.tuple(...types.map((type) => anyColumnCells(type, rows))).map((cells) => ({
      columns: types.map((type, index) => ({ name: `c${index}`, type, nullable: true })),
      rows: Array.from({ length: rows }, (_, row) => cells.map((column) => column[row] ?? null)),
    })),
  );
