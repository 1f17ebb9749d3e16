import { startOf, type VarVector } from '../rows/column-batch.js';
import { type FieldForm, type TupleSpace, writeNull } from './copy-binary-field.js';

/** Bytes from which on a call of `copy` costs less than a loop: by measurement. */
const worthACall = 48;

/** text, varchar, json and xml in UTF-8, and bytea: their bytes as they are. */
export const bytesForm: FieldForm = {
  width: 0,
  grow(vector, sizes, rows) {
    const { ends } = vector as VarVector;
    let start = 0;
    for (let row = 0; row < rows; row++) {
      const end = ends[row] as number;
      sizes[row] = (sizes[row] as number) + end - start;
      start = end;
    }
  },
  write(vector, { bytes, view, at }, from, to) {
    const { ends, heap, nulls } = vector as VarVector;
    const words = new DataView(heap.buffer, heap.byteOffset, heap.length);
    let start = startOf(vector as VarVector, from);
    for (let row = from; row < to; row++) {
      const end = ends[row] as number;
      const length = end - start;
      let place = at[row] as number;
      if (nulls[row] === 1) at[row] = writeNull(view, place);
      else {
        view.setInt32(place, length);
        place += 4;
        at[row] = place + length;
        if (length >= worthACall) heap.copy(bytes, place, start, end);
        else {
          for (; start + 4 <= end; start += 4, place += 4) view.setInt32(place, words.getInt32(start));
          for (; start < end; start++, place++) bytes[place] = heap[start] as number;
        }
      }
      start = end;
    }
  },
};

/** Writes a value out of its text, `heap[start..end)`, to `place`. */
type WriteText = (space: TupleSpace, place: number, heap: Buffer, start: number, end: number) => void;

/** 16 bytes; in text two hexadecimal digits each, and hyphens. */
export const uuidForm = fromText(16, ({ bytes }, place, heap, start, end) => {
  let to = place;
  for (let from = start; from < end; from += 2) {
    if (heap[from] === hyphen) from++;
    bytes[to++] = (hexDigit(heap[from] as number) << 4) | hexDigit(heap[from + 1] as number);
  }
});

/** Microseconds since midnight; in text `23:59:59`, and up to six digits behind a point. */
export const timeForm = fromText(8, ({ view }, place, heap, start, end) => {
  const seconds =
    twoDigits(heap, start) * 3600 + twoDigits(heap, start + 3) * 60 + twoDigits(heap, start + 6);
  let microseconds = seconds * 1_000_000;
  let unit = 100_000;
  for (let from = start + 9; from < end; from++) {
    microseconds += ((heap[from] as number) - zero) * unit;
    unit /= 10;
  }
  view.setInt32(place, Math.floor(microseconds / 2 ** 32));
  view.setInt32(place + 4, microseconds);
});

function fromText(width: number, writeText: WriteText): FieldForm {
  return {
    width,
    write(vector, space, from, to) {
      const { ends, heap, nulls } = vector as VarVector;
      const { view, at } = space;
      let start = startOf(vector as VarVector, from);
      for (let row = from; row < to; row++) {
        const end = ends[row] as number;
        const place = at[row] as number;
        if (nulls[row] === 1) at[row] = writeNull(view, place);
        else {
          view.setInt32(place, width);
          writeText(space, place + 4, heap, start, end);
          at[row] = place + 4 + width;
        }
        start = end;
      }
    },
  };
}

const hyphen = 0x2d;
const zero = 0x30;

function twoDigits(heap: Buffer, at: number): number {
  return ((heap[at] as number) - zero) * 10 + (heap[at + 1] as number) - zero;
}

/** Of an ASCII digit, or a letter of either case. */
function hexDigit(code: number): number {
  return code < 0x40 ? code - zero : (code & 0x0f) + 9;
}
