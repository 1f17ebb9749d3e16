import type { SqlType } from '../types.js';

/** What sys.columns says of a column's type: max_length in bytes (-1 for max), precision, scale. */
export interface TypeFacts {
  readonly systemTypeId: number;
  /** Another than the system type's own where several types share one: sysname, the types of the CLR. */
  readonly userTypeId: number;
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
}

type Row = readonly [systemId: number, userId: number, length: number, precision: number, scale: number];

/** sys.types of the types offered, as a database of SQL Server 2022 has it: lengths and digits are the largest. */
const rows: Readonly<Record<string, Row>> = {
  image: [34, 34, 16, 0, 0],
  text: [35, 35, 16, 0, 0],
  uniqueidentifier: [36, 36, 16, 0, 0],
  date: [40, 40, 3, 10, 0],
  time: [41, 41, 5, 16, 7],
  datetime2: [42, 42, 8, 27, 7],
  datetimeoffset: [43, 43, 10, 34, 7],
  tinyint: [48, 48, 1, 3, 0],
  smallint: [52, 52, 2, 5, 0],
  int: [56, 56, 4, 10, 0],
  smalldatetime: [58, 58, 4, 16, 0],
  real: [59, 59, 4, 24, 0],
  money: [60, 60, 8, 19, 4],
  datetime: [61, 61, 8, 23, 3],
  float: [62, 62, 8, 53, 0],
  sql_variant: [98, 98, 8016, 0, 0],
  ntext: [99, 99, 16, 0, 0],
  bit: [104, 104, 1, 1, 0],
  decimal: [106, 106, 17, 38, 38],
  numeric: [108, 108, 17, 38, 38],
  smallmoney: [122, 122, 4, 10, 4],
  bigint: [127, 127, 8, 19, 0],
  varbinary: [165, 165, 8000, 0, 0],
  varchar: [167, 167, 8000, 0, 0],
  binary: [173, 173, 8000, 0, 0],
  char: [175, 175, 8000, 0, 0],
  timestamp: [189, 189, 8, 0, 0],
  nvarchar: [231, 231, 8000, 0, 0],
  sysname: [231, 256, 256, 0, 0],
  nchar: [239, 239, 8000, 0, 0],
  hierarchyid: [240, 128, 892, 0, 0],
  geometry: [240, 129, -1, 0, 0],
  geography: [240, 130, -1, 0, 0],
  xml: [241, 241, -1, 0, 0],
};

const factsOf = ([systemTypeId, userTypeId, maxLength, precision, scale]: Row): TypeFacts => ({
  systemTypeId,
  userTypeId,
  maxLength,
  precision,
  scale,
});

/** Every row of sys.types, by name. */
export const allTypes: readonly (readonly [name: string, facts: TypeFacts])[] = Object.entries(rows).map(
  ([name, row]) => [name, factsOf(row)],
);

/** The name of a type in sys.types. */
function catalogName(type: SqlType): string {
  if (type.name === 'rowversion') return 'timestamp';
  return type.name === 'decimal' ? (type.synonym ?? type.name) : type.name;
}

/** What sys.columns says of a column of this type. */
export function typeFacts(type: SqlType): TypeFacts {
  const facts = factsOf(rows[catalogName(type)] as Row);
  if ('length' in type) {
    const unit = type.name === 'nchar' || type.name === 'nvarchar' ? 2 : 1;
    return { ...facts, maxLength: type.length === 'max' ? -1 : type.length * unit };
  }
  if (type.name === 'decimal') {
    const { precision, scale } = type;
    return {
      ...facts,
      maxLength: precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17,
      precision,
      scale,
    };
  }
  return 'scale' in type ? clockFacts(facts, type.scale) : facts;
}

/** A time with fewer digits than seven is shorter: by a point and seven digits in all, and by up to two bytes. */
function clockFacts(facts: TypeFacts, scale: number): TypeFacts {
  const bytes = scale <= 2 ? 2 : scale <= 4 ? 1 : 0;
  const digits = scale === 0 ? 8 : 7 - scale;
  return { ...facts, maxLength: facts.maxLength - bytes, precision: facts.precision - digits, scale };
}
