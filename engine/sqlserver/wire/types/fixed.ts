import { type CellCodeFactory, compileCell } from '../cell-code.js';
import { type CellDecoderFactory, wireTypes } from '../cell-decoder.js';
import { dateCode, datetime2Code, datetimeoffsetCode, timeCode } from './date-time.js';
import { datetimeCode, smalldatetimeCode } from './datetime.js';
import { decimalCode } from './decimal.js';
import { floatCode, realCode } from './float.js';
import { bigintCode, bitCode, intCode, smallintCode, tinyintCode } from './integers.js';
import { moneyCode, smallmoneyCode } from './money.js';
import { uniqueidentifierCode } from './uniqueidentifier.js';

/** Nullable forms of several types share an id: the declared length tells which (MS-TDS 2.2.5.4.2). */
const byLength =
  (factories: Readonly<Record<number, CellCodeFactory>>): CellCodeFactory =>
  (column, vector, options) =>
    (factories[column.length] as CellCodeFactory)(column, vector, options);

/** The code of the types whose values have a size of their own, by type id. */
export const fixedCodes: ReadonlyMap<number, CellCodeFactory> = new Map([
  [wireTypes.bit, bitCode],
  [wireTypes.bitN, bitCode],
  [wireTypes.tinyint, tinyintCode],
  [wireTypes.smallint, smallintCode],
  [wireTypes.int, intCode],
  [wireTypes.bigint, bigintCode],
  [wireTypes.intN, byLength({ 1: tinyintCode, 2: smallintCode, 4: intCode, 8: bigintCode })],
  [wireTypes.decimalN, decimalCode],
  [wireTypes.numericN, decimalCode],
  [wireTypes.money, moneyCode],
  [wireTypes.smallmoney, smallmoneyCode],
  [wireTypes.moneyN, byLength({ 4: smallmoneyCode, 8: moneyCode })],
  [wireTypes.real, realCode],
  [wireTypes.float, floatCode],
  [wireTypes.floatN, byLength({ 4: realCode, 8: floatCode })],
  [wireTypes.date, dateCode],
  [wireTypes.time, timeCode],
  [wireTypes.datetime, datetimeCode],
  [wireTypes.smalldatetime, smalldatetimeCode],
  [wireTypes.datetimeN, byLength({ 4: smalldatetimeCode, 8: datetimeCode })],
  [wireTypes.datetime2, datetime2Code],
  [wireTypes.datetimeoffset, datetimeoffsetCode],
  [wireTypes.uniqueidentifier, uniqueidentifierCode],
]);

/** The same types, decoded value by value. */
export const fixedDecoders: ReadonlyMap<number, CellDecoderFactory> = new Map(
  Array.from(fixedCodes, ([typeId, codeOf]) => [
    typeId,
    (column, vector, options) => compileCell(codeOf(column, vector, options)),
  ]),
);
