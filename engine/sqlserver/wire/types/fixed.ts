import { type CellDecoderFactory, wireTypes } from '../cell-decoder.js';
import { dateDecoder, datetime2Decoder, datetimeoffsetDecoder, timeDecoder } from './date-time.js';
import { datetimeDecoder, smalldatetimeDecoder } from './datetime.js';
import { decimalDecoder } from './decimal.js';
import { floatDecoder, realDecoder } from './float.js';
import { bigintDecoder, bitDecoder, intDecoder, smallintDecoder, tinyintDecoder } from './integers.js';
import { moneyDecoder, smallmoneyDecoder } from './money.js';
import { uniqueidentifierDecoder } from './uniqueidentifier.js';

/** Nullable forms of several types share an id: the declared length tells which (MS-TDS 2.2.5.4.2). */
const byLength =
  (factories: Readonly<Record<number, CellDecoderFactory>>): CellDecoderFactory =>
  (column, vector, options) =>
    (factories[column.length] as CellDecoderFactory)(column, vector, options);

/** Decoders of the types whose values have a size of their own, by type id. */
export const fixedDecoders: ReadonlyMap<number, CellDecoderFactory> = new Map([
  [wireTypes.bit, bitDecoder],
  [wireTypes.bitN, bitDecoder],
  [wireTypes.tinyint, tinyintDecoder],
  [wireTypes.smallint, smallintDecoder],
  [wireTypes.int, intDecoder],
  [wireTypes.bigint, bigintDecoder],
  [wireTypes.intN, byLength({ 1: tinyintDecoder, 2: smallintDecoder, 4: intDecoder, 8: bigintDecoder })],
  [wireTypes.decimalN, decimalDecoder],
  [wireTypes.numericN, decimalDecoder],
  [wireTypes.money, moneyDecoder],
  [wireTypes.smallmoney, smallmoneyDecoder],
  [wireTypes.moneyN, byLength({ 4: smallmoneyDecoder, 8: moneyDecoder })],
  [wireTypes.real, realDecoder],
  [wireTypes.float, floatDecoder],
  [wireTypes.floatN, byLength({ 4: realDecoder, 8: floatDecoder })],
  [wireTypes.date, dateDecoder],
  [wireTypes.time, timeDecoder],
  [wireTypes.datetime, datetimeDecoder],
  [wireTypes.smalldatetime, smalldatetimeDecoder],
  [wireTypes.datetimeN, byLength({ 4: smalldatetimeDecoder, 8: datetimeDecoder })],
  [wireTypes.datetime2, datetime2Decoder],
  [wireTypes.datetimeoffset, datetimeoffsetDecoder],
  [wireTypes.uniqueidentifier, uniqueidentifierDecoder],
]);
