import { putWhole } from './digits';
import { endsAt, heapAt, isNull, placeOf, putNull, semicolon, setPlace } from './memory';
import { putHex } from './numbers';

const colon: u8 = 58;

/** Where the bytes of the row before end: those of a row lie between the two. */
function endBefore(row: i32): u32 {
  return load<u32>(endsAt + ((<usize>row) << 2));
}

/** What rests as text of a known form: as it is. */
const plain: i32 = 0;
/** Text of any form, its length in bytes before it. */
const text: i32 = 1;

/** Values of a heap in the form `plain` or `text`, or else in hex, their number of bytes before them. */
export function writeHeap(rows: i32, nullable: bool, form: i32): void {
  const base = endBefore(0);
  for (let row = 0; row < rows; row++) {
    let place = placeOf(row);
    if (nullable && isNull(row)) place = putNull(place);
    else {
      const from = heapAt + <usize>(endBefore(row) - base);
      const length = endBefore(row + 1) - endBefore(row);
      if (form !== plain) {
        place = putWhole(place, length);
        store<u8>(place++, colon);
      }
      place =
        form === plain || form === text ? putBytes(place, from, length) : putAllHex(place, from, length);
      store<u8>(place++, semicolon);
    }
    setPlace(row, place);
  }
}

function putAllHex(at: usize, from: usize, length: u32): usize {
  let place = at;
  for (let byte: usize = 0; byte < <usize>length; byte++) place = putHex(place, load<u8>(from + byte));
  return place;
}

/** 16 bytes at a time: those behind the last one go where the next field is written later. */
function putBytes(at: usize, from: usize, length: u32): usize {
  for (let offset: usize = 0; offset < <usize>length; offset += 16) {
    v128.store(at + offset, v128.load(from + offset));
  }
  return at + <usize>length;
}
