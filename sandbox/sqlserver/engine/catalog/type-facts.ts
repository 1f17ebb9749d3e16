import type { SqlType } from '../types.js';

interface Facts {
  readonly systemTypeId: number;
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
}

const fixed: Readonly<
  Record<string, readonly [id: number, length: number, precision: number, scale: number]>
> = {
  bit: [104, 1, 1, 0],
  tinyint: [48, 1, 3, 0],
  smallint: [52, 2, 5, 0],
  int: [56, 4, 10, 0],
  bigint: [127, 8, 19, 0],
  real: [59, 4, 24, 0],
  float: [62, 8, 53, 0],
  date: [40, 3, 10, 0],
  datetime: [61, 8, 23, 3],
  smalldatetime: [58, 4, 16, 0],
  uniqueidentifier: [36, 16, 0, 0],
};

const sized: Readonly<Record<string, readonly [id: number, bytesPerUnit: number]>> = {
  char: [175, 1],
  varchar: [167, 1],
  nchar: [239, 2],
  nvarchar: [231, 2],
  binary: [173, 1],
  varbinary: [165, 1],
};

/** What sys.columns says of a column's type: max_length in bytes (-1 for max), precision, scale. */
export function typeFacts(type: SqlType): Facts {
  const plain = fixed[type.name];
  if (plain) return { systemTypeId: plain[0], maxLength: plain[1], precision: plain[2], scale: plain[3] };
  if ('length' in type) {
    const [systemTypeId, unit] = sized[type.name] ?? [167, 1];
    const maxLength = type.length === 'max' ? -1 : type.length * unit;
    return { systemTypeId, maxLength, precision: 0, scale: 0 };
  }
  if (type.name === 'decimal') {
    const maxLength = type.precision <= 9 ? 5 : type.precision <= 19 ? 9 : type.precision <= 28 ? 13 : 17;
    return { systemTypeId: 106, maxLength, precision: type.precision, scale: type.scale };
  }
  const scale = 'scale' in type ? type.scale : 0;
  const extra = scale <= 2 ? 0 : scale <= 4 ? 1 : 2;
  const digits = scale === 0 ? 0 : scale + 1;
  if (type.name === 'time') return { systemTypeId: 41, maxLength: 3 + extra, precision: 8 + digits, scale };
  return { systemTypeId: 42, maxLength: 6 + extra, precision: 19 + digits, scale };
}

/** sys.types of the types offered, with their ids; sysname is nvarchar(128) under its own user_type_id. */
export const typeIds: readonly (readonly [number, string])[] = [
  ...Object.entries(fixed).map(([name, [id]]) => [id, name] as const),
  ...Object.entries(sized).map(([name, [id]]) => [id, name] as const),
  [41, 'time'],
  [42, 'datetime2'],
  [106, 'decimal'],
  [108, 'numeric'],
  [256, 'sysname'],
];
