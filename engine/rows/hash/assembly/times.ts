import { putPadded, putPair, putWhole } from './digits';
import { dataAt, isNull, placeOf, putNull, semicolon, setPlace } from './memory';

const colon: u8 = 58;
const dash: u8 = 45;
const point: u8 = 46;
const space: u8 = 32;
const microsecondsPerDay: i64 = 86_400_000_000;
/** What a Date of JavaScript can hold, which the definition of the text is written with. */
const farthestDay: i64 = 100_000_000;

/** Text of the day that was asked for last, as rows of a batch share few of them. */
const dayTextAt: usize = memory.data(16, 16);
let dayTextBytes: usize = 0;
let lastDay: i64 = i64.MIN_VALUE;

/** Days since 1970-01-01. Returns the first row whose day is too far away to be written, or -1. */
export function writeDates(rows: i32, nullable: bool): i32 {
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const day = <i64>load<i32>(dataAt + ((<usize>row) << 2));
      if (isTooFar(day)) return row;
      place = putDay(place, day);
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
  return -1;
}

/**
 * Microseconds since 1970-01-01 00:00:00, with `precision` fraction digits; digits beyond are cut. Returns as
 * `writeDates` does.
 */
export function writeTimestamps(rows: i32, nullable: bool, precision: i32): i32 {
  let unit: u32 = 1;
  for (let digit = precision; digit < 6; digit++) unit *= 10;
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const value = load<i64>(dataAt + ((<usize>row) << 3));
      let day = value / microsecondsPerDay;
      let rest = value - day * microsecondsPerDay;
      if (rest < 0) {
        day--;
        rest += microsecondsPerDay;
      }
      if (isTooFar(day)) return row;
      place = putDay(place, day);
      store<u8>(place++, space);
      const seconds = <u32>(<u64>rest / 1_000_000);
      place = putClock(place, seconds);
      if (precision > 0) {
        store<u8>(place++, point);
        place = putPadded(place, <u32>(rest - <i64>seconds * 1_000_000) / unit, precision);
      }
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
  return -1;
}

function isTooFar(day: i64): bool {
  return day > farthestDay || day < -farthestDay;
}

function putDay(at: usize, day: i64): usize {
  if (day !== lastDay) {
    dayTextBytes = putCivil(dayTextAt, day) - dayTextAt;
    lastDay = day;
  }
  v128.store(at, v128.load(dayTextAt));
  return at + dayTextBytes;
}

/**
 * `2025-01-31`; years before 0000 as the plain number. Proleptic Gregorian, by eras of 400 years that begin in March.
 * @see https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function putCivil(at: usize, day: i64): usize {
  const shifted = day + 719_468;
  const era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
  const ofEra = <i32>(shifted - era * 146_097);
  const yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365;
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const fromMarch = (5 * ofYear + 2) / 153;
  const date = ofYear - (153 * fromMarch + 2) / 5 + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = <i64>yearOfEra + era * 400 + <i64>(month <= 2);
  const place = putYear(at, year);
  store<u8>(place, dash);
  putPair(place + 1, <u32>month);
  store<u8>(place, dash, 3);
  putPair(place + 4, <u32>date);
  return place + 6;
}

function putYear(at: usize, year: i64): usize {
  if (year < 0) {
    store<u8>(at, dash);
    return putWhole(at + 1, <u64>(0 - year));
  }
  return year < 10_000 ? putPadded(at, <u32>year, 4) : putWhole(at, <u64>year);
}

/** `23:59:59` of the seconds of a day. */
function putClock(at: usize, seconds: u32): usize {
  const minutes = seconds / 60;
  const hours = minutes / 60;
  putPair(at, hours);
  store<u8>(at, colon, 2);
  putPair(at + 3, minutes - hours * 60);
  store<u8>(at, colon, 5);
  putPair(at + 6, seconds - minutes * 60);
  return at + 8;
}
