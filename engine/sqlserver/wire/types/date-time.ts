import { reserveHeap, startOf } from '../../../rows/column-batch.js';
import { type CellDecoderFactory, malformed } from '../cell-decoder.js';
import {
  dayAt,
  daysEnd,
  epochDay,
  secondsOfDay,
  ticksAt,
  ticksSize,
  timeWidth,
  writeDate,
  writeDigits,
  writeMicros,
  writeTime,
} from './moment.js';
import { sizedDecoder } from './sized.js';
import { vectorOf } from './vectors.js';

/** date: days from 0001-01-01 in 3 bytes (MS-TDS 2.2.5.5.1.8, as the other types here). */
export const dateDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i32');
  return sizedDecoder(column, vector, options, { size: 3, fixed: false }, (bytes, at, row) => {
    const day = dayAt(bytes, at);
    if (day >= daysEnd) throw malformed(column, options, at, 'a date after 9999-12-31');
    data[row] = day - epochDay;
  });
};

/** time(n): 10^-n seconds since midnight in 3 to 5 bytes. */
export const timeDecoder: CellDecoderFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'var');
  const { scale } = column;
  const size = ticksSize(scale);
  const ticksEnd = secondsOfDay * 10 ** scale;
  const width = timeWidth(scale);
  return sizedDecoder(column, vector, options, { size, fixed: false }, (bytes, at, row) => {
    const ticks = ticksAt(bytes, at, size);
    if (ticks >= ticksEnd) throw malformed(column, options, at, 'a time of 24 hours or more');
    const start = startOf(target, row);
    reserveHeap(target, start + width);
    writeTime(target.heap, start, ticks, scale);
    target.ends[row] = start + width;
  });
};

/** datetime2(n): time(n), then date. Microseconds hold all but the seventh digit, which makes it text. */
export const datetime2Decoder: CellDecoderFactory = (column, vector, options) => {
  const { scale } = column;
  const size = ticksSize(scale);
  const ticksEnd = secondsOfDay * 10 ** scale;
  const form = { size: size + 3, fixed: false };
  const outside = (at: number) =>
    malformed(column, options, at, 'a datetime2 after 9999-12-31 or of 24 hours or more');
  if (scale === 7) {
    const target = vectorOf(vector, 'var');
    const width = 11 + timeWidth(scale);
    return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
      const ticks = ticksAt(bytes, at, size);
      const day = dayAt(bytes, at + size);
      if (ticks >= ticksEnd || day >= daysEnd) throw outside(at);
      const start = startOf(target, row);
      reserveHeap(target, start + width);
      writeMoment(target.heap, start, day, ticks, scale);
      target.ends[row] = start + width;
    });
  }
  const { data } = vectorOf(vector, 'i64');
  const microsPerTick = 10 ** (6 - scale);
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    const ticks = ticksAt(bytes, at, size);
    const day = dayAt(bytes, at + size);
    if (ticks >= ticksEnd || day >= daysEnd) throw outside(at);
    writeMicros(data, row, day - epochDay, ticks * microsPerTick);
  });
};

const mostOffset = 14 * 60;

/** datetimeoffset(n): the moment in UTC as datetime2(n), then minutes to the local time, which is what is written. */
export const datetimeoffsetDecoder: CellDecoderFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'var');
  const { scale } = column;
  const size = ticksSize(scale);
  const ticksPerMinute = 60 * 10 ** scale;
  const ticksEnd = secondsOfDay * 10 ** scale;
  const offsetAt = 11 + timeWidth(scale);
  const width = offsetAt + 7;
  return sizedDecoder(column, vector, options, { size: size + 5, fixed: false }, (bytes, at, row) => {
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
  });
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
