import { type MatrixType, typeMatrix } from '../../support/type-matrix.js';
import { type Crossing, crossing } from './crossing.js';
import { bytes, moments, texts } from './policy-crossings.js';

function matrixType(declaration: string): MatrixType {
  const found = typeMatrix.find((type) => type.declaration === declaration);
  if (found === undefined) throw new Error(`The matrix has no ${declaration}.`);
  return found;
}

/** All values of a type of the matrix into another type than the product's own, where they fit as they are. */
const whole = (declaration: string, into: string, shown: (text: string) => string): Crossing =>
  crossing(
    declaration,
    into,
    undefined,
    ...matrixType(declaration).values.map(({ literal, text }) => ({
      literal,
      shown: shown(text),
      changed: false,
    })),
  );

/** PostgreSQL leaves out the zeros at a fraction's end. */
const shortClock = (text: string): string => text.replace(/(:\d\d)(?:\.0+|(\.\d*[1-9])0+)\b/, '$1$2');

/** `2025-01-31 23:59:59.12 +02:00` in UTC, as PostgreSQL writes it. */
function inUtc(text: string): string {
  const [, day, clock, fraction = '', offset] = /^(\S+) ([\d:]+)(\.\d+)? (\S+)$/.exec(text) ?? [];
  const [utcDay, utcClock] = new Date(`${day}T${clock}${offset}`).toISOString().slice(0, 19).split('T');
  return `${shortClock(`${utcDay} ${utcClock}${fraction}`)}+00`;
}

const asHex = (text: string): string => `\\x${Buffer.from(text).toString('hex')}`;
const same = (text: string): string => text;
const withDigits =
  (scale: number) =>
  (text: string): string => {
    const [integer, fraction = ''] = text.split('.');
    return `${integer}.${fraction.padEnd(scale, '0')}`;
  };

const wider: readonly Crossing[] = [
  whole('tinyint', 'bigint', same),
  whole('tinyint', 'numeric(3,0)', same),
  whole('smallint', 'numeric(38,33)', withDigits(33)),
  whole('int', 'bigint', same),
  whole('bigint', 'numeric(19,0)', same),
  whole('bigint', 'numeric(38,19)', withDigits(19)),
  whole('decimal(4,0)', 'smallint', same),
  whole('decimal(9,3)', 'numeric(38,20)', withDigits(20)),
  whole('decimal(18,9)', 'numeric(19,9)', same),
  whole('decimal(19,4)', 'numeric(38,23)', withDigits(23)),
  whole('numeric(12,5)', 'numeric(13,6)', withDigits(6)),
  whole('money', 'numeric(38,23)', withDigits(23)),
  whole('smallmoney', 'numeric(19,4)', same),
  // A 32-bit float is another number than the decimal digits that stand for it.
  whole('real', 'double precision', (text) => (text === '-0' ? text : String(Math.fround(Number(text))))),
  ...['varchar(8000)', 'nvarchar(4000)', 'nvarchar(max)', 'text', 'ntext'].map((declaration) =>
    whole(declaration, 'bytea', asHex),
  ),
  whole('uniqueidentifier', 'varchar(36)', same),
  whole('datetime', 'timestamp(6)', shortClock),
  whole('smalldatetime', 'timestamp(3)', shortClock),
  whole('datetime2(3)', 'timestamp(6)', shortClock),
  whole('time(3)', 'time(6)', shortClock),
  whole('time(7)', 'varchar(16)', same),
  whole('datetimeoffset(7)', 'varchar(34)', same),
  ...[0, 1, 2, 3, 4, 5, 6].map((scale) => whole(`datetimeoffset(${scale})`, `timestamptz(${scale})`, inUtc)),
];

/** Pairs of types other than the product's own choice, with the policies that they may have. */
export const crossings: readonly Crossing[] = [...wider, ...moments, ...texts, ...bytes];

/** Every type of the matrix into the type that the product has for it; U+0000, which that cannot hold, is replaced. */
export const plainCrossings: readonly Crossing[] = typeMatrix.map(({ name, declaration, values }) => {
  const withNuls = values.some(({ text }) => text.includes('\0')) && /char|text/.test(declaration);
  return {
    name,
    declaration,
    ...(withNuls && { policy: 'replace' }),
    values: values.map(({ literal, text }) => ({
      literal,
      shown: shownPlain(declaration, text.replaceAll('\0', '\ufffd')),
      changed: text.includes('\0'),
    })),
  };
});

function shownPlain(declaration: string, text: string): string {
  switch (/^\w+/.exec(declaration)?.[0]) {
    case 'bit':
      return text === '1' ? 'true' : 'false';
    case 'binary':
    case 'varbinary':
    case 'image':
    case 'hierarchyid':
    case 'geography':
    case 'geometry':
      return `\\x${text}`;
    case 'time':
    case 'datetime2':
      return declaration.endsWith('(7)') ? text : shortClock(text);
    case 'datetime':
    case 'smalldatetime':
      return shortClock(text);
    default:
      return text;
  }
}
