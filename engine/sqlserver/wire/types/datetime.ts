import { bind, type CellCodeFactory, unsignedCode, wordCode } from '../cell-code.js';
import { wireTypes } from '../cell-decoder.js';
import { daysFrom1900, microsCode } from './moment.js';
import { sizedCode } from './sized.js';
import { vectorOf } from './vectors.js';

/** 1753-01-01 and the day after 9999-12-31, in days from 1900-01-01. */
const firstDay = -53_690;
const endDay = 2_958_464;
const ticksOfDay = 300 * 86_400;

/**
 * datetime: days from 1900-01-01, then 1/300 s of the day (MS-TDS 2.2.5.5.1.7), which SQL Server shows in whole
 * milliseconds ending in 0, 3 or 7; those are the value.
 */
export const datetimeCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 8, fixed: column.typeId === wireTypes.datetime },
    `const from1900 = ${wordCode(0)};
    const ticks = ${wordCode(4)} >>> 0;
    if (from1900 < ${firstDay} || from1900 >= ${endDay} || ticks >= ${ticksOfDay})
      throw fail(at, 'a datetime outside 1753-01-01 to 9999-12-31 23:59:59.997');
    ${microsCode(`from1900 - ${daysFrom1900}`, 'Math.round((ticks * 10) / 3) * 1000')}`,
  );
};

/** smalldatetime: days from 1900-01-01, then minutes of the day, two bytes each. */
export const smalldatetimeCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 4, fixed: column.typeId === wireTypes.smalldatetime },
    `const minutes = ${unsignedCode(2, 2)};
    if (minutes >= 1440) throw fail(at + 2, 'a smalldatetime of 24 hours or more');
    ${microsCode(`${unsignedCode(0, 2)} - ${daysFrom1900}`, 'minutes * 60000000')}`,
  );
};
