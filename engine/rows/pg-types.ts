import { MigrationError } from '../errors.js';
import type { LogicalType } from './types.js';

type PgPrecision = Extract<LogicalType, { kind: 'instant' }>['precision'];

const allowedPgTypes =
  'smallint, integer, bigint, boolean, numeric(p,s), real, double precision, date, time(p), timestamp(p), ' +
  'timestamptz(p), uuid, varchar(n), text, json, bytea ' +
  '(p of numeric 1..38, s 0..p, p of a time 0..6)';

/** Types that would change values without a word, each with what to take instead. */
const refusals = new Map(
  Object.entries<string>({
    char: 'it pads shorter values with blanks; take varchar(n)',
    character: 'it pads shorter values with blanks; take varchar(n)',
    bpchar: 'it ignores trailing blanks; take varchar(n)',
    jsonb: 'it drops blanks and repeated keys and reorders the rest; take json',
    money: 'it prints and rounds by the locale; take numeric(19,4)',
    xml: 'COPY obeys an encoding that the text declares, which is not the one that it is in; take text',
    timetz: 'no source type has a time of day with an offset; take time(p)',
  }),
);

/** By the names of PostgreSQL's documentation, https://www.postgresql.org/docs/current/datatype.html. */
const plainTypes = new Map(
  Object.entries<LogicalType>({
    smallint: { kind: 'int', bits: 16 },
    int2: { kind: 'int', bits: 16 },
    int: { kind: 'int', bits: 32 },
    integer: { kind: 'int', bits: 32 },
    int4: { kind: 'int', bits: 32 },
    bigint: { kind: 'int', bits: 64 },
    int8: { kind: 'int', bits: 64 },
    boolean: { kind: 'bool' },
    bool: { kind: 'bool' },
    real: { kind: 'float', bits: 32 },
    float4: { kind: 'float', bits: 32 },
    'double precision': { kind: 'float', bits: 64 },
    float8: { kind: 'float', bits: 64 },
    date: { kind: 'date' },
    uuid: { kind: 'uuid' },
    varchar: { kind: 'text' },
    'character varying': { kind: 'text' },
    text: { kind: 'text' },
    // Keeps the text as it was written.
    json: { kind: 'text' },
    bytea: { kind: 'bytes' },
  }),
);

/** How a name says that a time has a zone or not; PostgreSQL's default is without. */
const timeKinds = new Map(
  Object.entries<'time' | 'timestamp' | 'instant'>({
    time: 'time',
    'time without time zone': 'time',
    timestamp: 'timestamp',
    'timestamp without time zone': 'timestamp',
    timestamptz: 'instant',
    'timestamp with time zone': 'instant',
  }),
);

/**
 * Logical type of a declared PostgreSQL column type, such as `numeric(11,3)`; case and blanks do not matter.
 * @throws MigrationError CONFIG_INVALID for anything that is not listed in the message.
 */
export function parsePgType(declared: string): LogicalType {
  const match =
    /^([a-z0-9]+(?: varying| precision)?) ?(?:\( ?(\d{1,9}) ?(?:, ?(\d{1,9}) ?)?\))?( with(?:out)? time zone)?$/.exec(
      declared.trim().toLowerCase().replace(/\s+/g, ' '),
    );
  const [, name = '', first, second, zone = ''] = match ?? [];
  const type = fromName(name + zone, number(first), number(second));
  if (type !== undefined) return type;
  const reason = refusals.get(name);
  throw new MigrationError(
    'CONFIG_INVALID',
    `Column type "${declared}" is not supported${reason === undefined ? '' : `: ${reason}`}. Allowed: ${allowedPgTypes}.`,
  );
}

function number(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

function fromName(
  name: string,
  first: number | undefined,
  second: number | undefined,
): LogicalType | undefined {
  const kind = timeKinds.get(name);
  if (kind !== undefined) {
    const precision = first ?? 6;
    return second === undefined && isPrecision(precision) ? { kind, precision } : undefined;
  }
  if (first === undefined) return plainTypes.get(name);
  switch (name) {
    case 'numeric':
    case 'decimal': {
      const scale = second ?? 0;
      const valid = first >= 1 && first <= 38 && scale <= first;
      return valid ? { kind: 'decimal', precision: first, scale } : undefined;
    }
    case 'varchar':
    case 'character varying':
      return second === undefined && first >= 1 && first <= 10_485_760
        ? { kind: 'text', maxLength: first }
        : undefined;
    default:
      return undefined;
  }
}

function isPrecision(value: number): value is PgPrecision {
  return value >= 0 && value <= 6;
}

/** PostgreSQL type that holds every value of a logical type; text where PostgreSQL has no exact type. */
export function pgTypeOf(type: LogicalType): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int':
      return ({ 8: 'smallint', 16: 'smallint', 32: 'integer', 64: 'bigint' } as const)[type.bits];
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'float':
      return type.bits === 32 ? 'real' : 'double precision';
    case 'time':
    case 'timestamp':
      return type.precision === 7 ? 'text' : `${type.kind}(${type.precision})`;
    case 'instant':
      return `timestamptz(${type.precision})`;
    case 'offsetTimestamp':
      return 'text';
    case 'date':
    case 'uuid':
      return type.kind;
    case 'text':
      return type.maxLength === undefined ? 'text' : `varchar(${type.maxLength})`;
    case 'bytes':
      return 'bytea';
  }
}
