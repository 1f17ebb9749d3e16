import { reserveHeap, startOf } from '../../../rows/column-batch.js';
import { bind, type CellCodeFactory, unsignedCode } from '../cell-code.js';
import { malformed } from '../cell-decoder.js';
import {
  dayAt,
  daysEnd,
  epochDay,
  microsCode,
  secondsOfDay,
  ticksAt,
  ticksSize,
  timeWidth,
  writeDate,
  writeDigits,
  writeTime,
} from './moment.js';
import { sizedCode } from './sized.js';
import { vectorOf } from './vectors.js';

/** date: days from 0001-01-01 in 3 bytes (MS-TDS 2.2.5.5.1.8, as the other types here). */
export const dateCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i32');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 3, fixed: false },
    `const day = ${unsignedCode(0, 3)};
    if (day >= ${daysEnd}) throw fail(at, 'a date after 9999-12-31');
    data[row] = day - ${epochDay};`,
  );
};

/** time(n): 10^-n seconds since midnight in 3 to 5 bytes. */
export const timeCode: CellCodeFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'var');
  const { scale } = column;
  const size = ticksSize(scale);
  const ticksEnd = secondsOfDay * 10 ** scale;
  const width = timeWidth(scale);
  const write = (bytes: Buffer, at: number, row: number): void => {
    const ticks = ticksAt(bytes, at, size);
    if (ticks >= ticksEnd) throw malformed(column, options, at, 'a time of 24 hours or more');
    const start = startOf(target, row);
    reserveHeap(target, start + width);
    writeTime(target.heap, start, ticks, scale);
    target.ends[row] = start + width;
  };
  return sizedCode(
    bind(column, vector, options, { write }),
    { size, fixed: false },
    'write(bytes, at, row);',
  );
};

const outside = 'a datetime2 after 9999-12-31, or of 24 hours or more';

/** datetime2(n): time(n), then date. Microseconds hold all but the seventh digit, which makes it text. */
export const datetime2Code: CellCodeFactory = (column, vector, options) => {
  const { scale } = column;
  if (scale === 7) return datetime2TextCode(column, vector, options);
  const { data } = vectorOf(vector, 'i64');
  const size = ticksSize(scale);
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: size + 3, fixed: false },
    `const ticks = ${unsignedCode(0, size)};
    const day = ${unsignedCode(size, 3)};
    if (ticks >= ${secondsOfDay * 10 ** scale} || day >= ${daysEnd}) throw fail(at, '${outside}');
    ${microsCode(`day - ${epochDay}`, `ticks * ${10 ** (6 - scale)}`)}`,
  );
};

const datetime2TextCode: CellCodeFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'var');
  const { scale } = column;
  const size = ticksSize(scale);
  const ticksEnd = secondsOfDay * 10 ** scale;
  const width = 11 + timeWidth(scale);
  const write = (bytes: Buffer, at: number, row: number): void => {
    const ticks = ticksAt(bytes, at, size);
    const day = dayAt(bytes, at + size);
    if (ticks >= ticksEnd || day >= daysEnd) throw malformed(column, options, at, outside);
    const start = startOf(target, row);
    reserveHeap(target, start + width);
    writeMoment(target.heap, start, day, ticks, scale);
    target.ends[row] = start + width;
  };
  const form = { size: size + 3, fixed: false };
  return sizedCode(bind(column, vector, options, { write }), form, 'write(bytes, at, row);');
};

const mostOffset = 14 * 60;

/** datetimeoffset(n): the moment in UTC as datetime2(n), then minutes to the local time, which is what is written. */
export const datetimeoffsetCode: CellCodeFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'var');
  const { scale } = column;
  const size = ticksSize(scale);
  const ticksPerMinute = 60 * 10 ** scale;
  const ticksEnd = secondsOfDay * 10 ** scale;
  const offsetAt = 11 + timeWidth(scale);
  const width = offsetAt + 7;
  const write = (bytes: Buffer, at: number, row: number): void => {
    const utcTicks = ticksAt(bytes, at, size);
    const utcDay = dayAt(bytes, at + size);
    const offset = bytes.readInt16LE(at + size + 3);
    const local = utcTicks + offset * ticksPerMinute;
    const shift = Math.floor(local / ticksEnd);
    const day = utcDay + shift;
    if (utcTicks >= ticksEnd || utcDay >= daysEnd || day < 0 || day >= daysEnd) {
      throw malformed(
        column,
        options,
        at,
        'a datetimeoffset outside the years 1 to 9999, or of 24 hours or more',
      );
    }
    if (offset < -mostOffset || offset > mostOffset) {
      throw malformed(column, options, at + size + 3, 'an offset of more than 14 hours');
    }
    const start = startOf(target, row);
    reserveHeap(target, start + width);
    writeMoment(target.heap, start, day, local - shift * ticksEnd, scale);
    writeOffset(target.heap, start + offsetAt, offset);
    target.ends[row] = start + width;
  };
  const form = { size: size + 5, fixed: false };
  return sizedCode(bind(column, vector, options, { write }), form, 'write(bytes, at, row);');
};

/** `2025-01-31 23:59:59.1234567` */
function writeMoment(heap: Buffer, at: number, day: number, ticks: number, scale: number): void {
  writeDate(heap, at, day);
  heap[at + 10] = 32;
  writeTime(heap, at + 11, ticks, scale);
}

/** ` +02:00` */
function writeOffset(heap: Buffer, at: number, minutes: number): void {
  const size = Math.abs(minutes);
  const hours = Math.floor(size / 60);
  heap[at] = 32;
  heap[at + 1] = minutes < 0 ? 45 : 43;
  writeDigits(heap, at + 2, hours, 2);
  heap[at + 4] = 58;
  writeDigits(heap, at + 5, size - hours * 60, 2);
}
