import type { WordVector } from '../column-batch.js';
import { dateText } from '../wall-clock.js';
import * as digits from './digits.js';
import type { FieldWriter } from './field.js';
import * as field from './field.js';

// Under tsx each use of an imported name calls a getter, which takes a third of these loops: so names of our own.
const { putPadded } = digits;
const { putNull, semicolon } = field;

const colon = 58;
const point = 46;
const space = 32;

/** The text of the day that was asked for last, as rows of a batch share few of them. */
class DayText {
  #day = Number.NaN;
  #text = new Uint8Array(0);

  put(bytes: Uint8Array, at: number, day: number): number {
    if (day !== this.#day) {
      this.#text = Buffer.from(dateText(day));
      this.#day = day;
    }
    const text = this.#text;
    for (let index = 0; index < text.length; index++) bytes[at + index] = text[index] as number;
    return at + text.length;
  }
}

export function dates(): FieldWriter {
  const dayText = new DayText();
  return (column, from, to, bytes, at) => {
    const { nulls, data } = column as WordVector;
    for (let row = from; row < to; row++) {
      let place = at[row] as number;
      if (nulls[row] === 1) place = putNull(bytes, place);
      else {
        place = dayText.put(bytes, place, data[row] as number);
        bytes[place++] = semicolon;
      }
      at[row] = place;
    }
  };
}

/** Microseconds in two words, with `precision` fraction digits; digits beyond are cut. */
export function timestamps(precision: number): FieldWriter {
  const dayText = new DayText();
  const unit = 10 ** (6 - precision);
  return (column, from, to, bytes, at) => {
    const { nulls, data } = column as WordVector;
    for (let row = from; row < to; row++) {
      let place = at[row] as number;
      if (nulls[row] === 1) place = putNull(bytes, place);
      else {
        // 2^32 microseconds are 4294 s and 967,296 us: in these parts all 64 bits are exact as doubles.
        const high = data[row * 2 + 1] as number;
        const parts = high * 967_296 + ((data[row * 2] as number) >>> 0);
        const carried = Math.floor(parts / 1_000_000);
        const seconds = high * 4_294 + carried;
        const day = Math.floor(seconds / 86_400);
        place = dayText.put(bytes, place, day);
        bytes[place++] = space;
        place = putClock(bytes, place, seconds - day * 86_400);
        if (precision > 0) {
          bytes[place++] = point;
          place = putPadded(bytes, place, ((parts - carried * 1_000_000) / unit) | 0, precision);
        }
        bytes[place++] = semicolon;
      }
      at[row] = place;
    }
  };
}

/** `23:59:59` of the seconds of a day. */
function putClock(bytes: Uint8Array, at: number, seconds: number): number {
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  putPadded(bytes, at, hours, 2);
  bytes[at + 2] = colon;
  putPadded(bytes, at + 3, minutes - hours * 60, 2);
  bytes[at + 5] = colon;
  return putPadded(bytes, at + 6, seconds - minutes * 60, 2);
}
