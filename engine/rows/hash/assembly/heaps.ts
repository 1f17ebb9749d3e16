import { putWhole } from './digits';
import { endsAt, heapAt, isNull, placeOf, putNull, semicolon, setPlace } from './memory';
import { putHex } from './numbers';

const colon: u8 = 58;

/** Where the bytes of the row before end: those of a row lie between the two. */
function endBefore(row: i32): u32 {
  return load<u32>(endsAt + ((<usize>row) << 2));
}

/** What rests as text of a known form: as it is. */
export function writePlainText(rows: i32, nullable: bool): void {
  const base = endBefore(0);
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const from = endBefore(row);
      place = putBytes(place, heapAt + <usize>(from - base), endBefore(row + 1) - from);
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
}

/** Text of any form, its length in bytes before it. */
export function writeText(rows: i32, nullable: bool): void {
  const base = endBefore(0);
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const from = endBefore(row);
      const length = endBefore(row + 1) - from;
      place = putWhole(place, length);
      store<u8>(place++, colon);
      place = putBytes(place, heapAt + <usize>(from - base), length);
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
}

/** Bytes in hex, their number before them. */
export function writeHex(rows: i32, nullable: bool): void {
  const base = endBefore(0);
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const from = endBefore(row);
      const end = endBefore(row + 1);
      place = putWhole(place, end - from);
      store<u8>(place++, colon);
      for (let byte = from; byte < end; byte++)
        place = putHex(place, load<u8>(heapAt + <usize>(byte - base)));
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
}

/** 16 bytes at a time: those behind the last one go where the next field is written later. */
function putBytes(at: usize, from: usize, length: u32): usize {
  for (let offset: usize = 0; offset < <usize>length; offset += 16) {
    v128.store(at + offset, v128.load(from + offset));
  }
  return at + <usize>length;
}
