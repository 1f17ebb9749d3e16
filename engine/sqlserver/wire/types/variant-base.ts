import type { LogicalType, TimePrecision } from '../../../rows/types.js';
import { type CellOptions, malformed, type WireColumn, wireTypes } from '../cell-decoder.js';

/** A type that a sql_variant may hold (MS-TDS 2.2.5.5.4). */
export interface BaseType {
  readonly name: string;
  /** Property bytes between the base type and the value. */
  readonly properties: 0 | 1 | 2 | 7;
  /** fixed: as in a row; sized: as in a row, without the length byte; text and bytes: all that is left. */
  readonly content: 'fixed' | 'sized' | 'text' | 'bytes';
  readonly logicalType: (column: WireColumn) => LogicalType;
}

/** What comes before the value. */
export interface VariantHeader {
  /** As if the base type were a column's. */
  readonly column: WireColumn;
  /** Equal for values that one writer can write. */
  readonly key: string;
  /** Offset of the value. */
  readonly end: number;
}

const sized = (
  name: string,
  properties: BaseType['properties'],
  logicalType: BaseType['logicalType'],
): BaseType => ({ name, properties, content: 'sized', logicalType });
const fixed = (name: string, type: LogicalType): BaseType => ({
  name,
  properties: 0,
  content: 'fixed',
  logicalType: () => type,
});
const text = (name: string): BaseType => ({
  name,
  properties: 7,
  content: 'text',
  logicalType: () => ({ kind: 'text' }),
});
const bytes = (name: string): BaseType => ({
  name,
  properties: 2,
  content: 'bytes',
  logicalType: () => ({ kind: 'bytes' }),
});
const precisionOf = (column: WireColumn) => column.scale as TimePrecision;

export const baseTypes: ReadonlyMap<number, BaseType> = new Map([
  [wireTypes.bit, fixed('bit', { kind: 'bool' })],
  [wireTypes.tinyint, fixed('tinyint', { kind: 'int', bits: 8 })],
  [wireTypes.smallint, fixed('smallint', { kind: 'int', bits: 16 })],
  [wireTypes.int, fixed('int', { kind: 'int', bits: 32 })],
  [wireTypes.bigint, fixed('bigint', { kind: 'int', bits: 64 })],
  [wireTypes.real, fixed('real', { kind: 'float', bits: 32 })],
  [wireTypes.float, fixed('float', { kind: 'float', bits: 64 })],
  [wireTypes.smallmoney, fixed('smallmoney', { kind: 'decimal', precision: 10, scale: 4 })],
  [wireTypes.money, fixed('money', { kind: 'decimal', precision: 19, scale: 4 })],
  [wireTypes.smalldatetime, fixed('smalldatetime', { kind: 'timestamp', precision: 0 })],
  [wireTypes.datetime, fixed('datetime', { kind: 'timestamp', precision: 3 })],
  [wireTypes.uniqueidentifier, sized('uniqueidentifier', 0, () => ({ kind: 'uuid' }))],
  [wireTypes.date, sized('date', 0, () => ({ kind: 'date' }))],
  [wireTypes.time, sized('time', 1, (column) => ({ kind: 'time', precision: precisionOf(column) }))],
  [
    wireTypes.datetime2,
    sized('datetime2', 1, (column) => ({ kind: 'timestamp', precision: precisionOf(column) })),
  ],
  [
    wireTypes.datetimeoffset,
    sized('datetimeoffset', 1, (column) => ({ kind: 'offsetTimestamp', precision: precisionOf(column) })),
  ],
  [
    wireTypes.decimalN,
    sized('decimal', 2, ({ precision, scale }) => ({ kind: 'decimal', precision, scale })),
  ],
  [
    wireTypes.numericN,
    sized('numeric', 2, ({ precision, scale }) => ({ kind: 'decimal', precision, scale })),
  ],
  [wireTypes.varbinary, bytes('varbinary')],
  [wireTypes.binary, bytes('binary')],
  [wireTypes.varchar, text('varchar')],
  [wireTypes.char, text('char')],
  [wireTypes.nvarchar, text('nvarchar')],
  [wireTypes.nchar, text('nchar')],
]);

/** Behind the text types' collation comes the declared length, which says nothing about the value. */
const collationBytes = 5;

/**
 * Reads base type and properties of the sql_variant `bytes[from..to)`.
 * @throws MigrationError WIRE_PROTOCOL for a base type or properties that no sql_variant has
 */
export function headerOf(
  column: WireColumn,
  bytes: Buffer,
  from: number,
  to: number,
  options: CellOptions,
): VariantHeader {
  const typeId = bytes[from] as number;
  const base = baseTypes.get(typeId);
  const first = from + 2;
  const end = first + (base?.properties ?? 0);
  if (base === undefined || end > to || bytes[from + 1] !== base.properties)
    throw malformed(column, options, from, 'a sql_variant without a base type or its properties');

  const [precision, scale] = digitsOf(base, bytes, first);
  const isDecimal = base.content === 'sized' && base.properties === 2;
  if (isDecimal ? precision < 1 || precision > 38 || scale > precision : scale > 7)
    throw malformed(column, options, first, `${base.name}(${precision}, ${scale}) in a sql_variant`);
  const collation =
    base.content === 'text' ? Buffer.from(bytes.subarray(first, first + collationBytes)) : undefined;
  return {
    column: {
      ...column,
      typeId,
      precision,
      scale,
      length: to - end,
      ...(collation === undefined ? {} : { collation }),
    },
    key: `${typeId} ${precision} ${scale} ${collation?.toString('hex') ?? ''}`,
    end,
  };
}

function digitsOf(base: BaseType, bytes: Buffer, at: number): readonly [precision: number, scale: number] {
  if (base.content !== 'sized') return [0, 0];
  if (base.properties === 1) return [0, bytes[at] as number];
  return base.properties === 2 ? [bytes[at] as number, bytes[at + 1] as number] : [0, 0];
}
