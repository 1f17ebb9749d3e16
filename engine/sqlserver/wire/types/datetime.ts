import { type CellDecoderFactory, malformed, wireTypes } from '../cell-decoder.js';
import { wordAt } from './integers.js';
import { daysFrom1900, writeMicros } from './moment.js';
import { sizedDecoder } from './sized.js';
import { vectorOf } from './vectors.js';

/** 1753-01-01 and the day after 9999-12-31, in days from 1900-01-01. */
const firstDay = -53_690;
const endDay = 2_958_464;
const ticksOfDay = 300 * 86_400;

/**
 * datetime: days from 1900-01-01, then 1/300 s of the day (MS-TDS 2.2.5.5.1.7), which SQL Server shows in whole
 * milliseconds ending in 0, 3 or 7; those are the value.
 */
export const datetimeDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  const form = { size: 8, fixed: column.typeId === wireTypes.datetime };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    const days = wordAt(bytes, at);
    const ticks = wordAt(bytes, at + 4) >>> 0;
    if (days < firstDay || days >= endDay || ticks >= ticksOfDay) {
      throw malformed(column, options, at, 'a datetime outside 1753-01-01 to 9999-12-31 23:59:59.997');
    }
    writeMicros(data, row, days - daysFrom1900, Math.round((ticks * 10) / 3) * 1_000);
  });
};

/** smalldatetime: days from 1900-01-01, then minutes of the day, two bytes each. */
export const smalldatetimeDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  const form = { size: 4, fixed: column.typeId === wireTypes.smalldatetime };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    const word = wordAt(bytes, at);
    const minutes = word >>> 16;
    if (minutes >= 1_440) throw malformed(column, options, at + 2, 'a smalldatetime of 24 hours or more');
    writeMicros(data, row, (word & 0xffff) - daysFrom1900, minutes * 60_000_000);
  });
};
