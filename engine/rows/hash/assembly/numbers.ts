import { putDecimal, putWideDecimal } from './digits';
import { dataAt, isNull, placeOf, putNull, semicolon, setPlace } from './memory';

/** One byte for each of 16 digits. */
const hexDigits: usize = memory.data<u8>([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]);

/** 0 or 1. */
export function writeBools(rows: i32, nullable: bool): void {
  for (let row = 0; row < rows; row++) {
    const at = placeOf(row);
    if (nullable && isNull(row)) setPlace(row, putNull(at));
    else {
      store<u8>(at, 48 + load<u8>(dataAt + <usize>row));
      store<u8>(at, semicolon, 1);
      setPlace(row, at + 2);
    }
  }
}

/** Integers, or unscaled decimals, of 1 (unsigned), 2, 4, 8 or 16 bytes. */
export function writeNumbers(rows: i32, nullable: bool, width: i32, scale: i32): void {
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      place = width === 16 ? putWide(place, row, scale) : putNarrow(place, integerAt(row, width), scale);
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
}

function putNarrow(at: usize, value: i64, scale: i32): usize {
  return putDecimal(at, value < 0, value < 0 ? <u64>(0 - value) : <u64>value, scale);
}

function integerAt(row: i32, width: i32): i64 {
  switch (width) {
    case 1:
      return <i64>load<u8>(dataAt + <usize>row);
    case 2:
      return <i64>load<i16>(dataAt + ((<usize>row) << 1));
    case 4:
      return <i64>load<i32>(dataAt + ((<usize>row) << 2));
    default:
      return load<i64>(dataAt + ((<usize>row) << 3));
  }
}

function putWide(at: usize, row: i32, scale: i32): usize {
  const from = dataAt + ((<usize>row) << 4);
  let low = load<u64>(from);
  let high = load<u64>(from, 8);
  const negative = <i64>high < 0;
  if (negative) {
    low = 0 - low;
    high = ~high + <u64>(low === 0);
  }
  return putWideDecimal(at, negative, low, high, scale);
}

/** IEEE bits of 4 or 8 bytes in hex, the highest first. */
export function writeFloats(rows: i32, nullable: bool, width: i32): void {
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const from = dataAt + <usize>(row * width);
      for (let byte = width - 1; byte >= 0; byte--) place = putHex(place, load<u8>(from + <usize>byte));
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
}

/** Two digits. */
export function putHex(at: usize, byte: u8): usize {
  store<u8>(at, load<u8>(hexDigits + <usize>(byte >> 4)));
  store<u8>(at, load<u8>(hexDigits + <usize>(byte & 15)), 1);
  return at + 2;
}
