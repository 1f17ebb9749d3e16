import type { ByteVector, FloatVector, ShortVector, WordVector } from '../rows/column-batch.js';
import { type FieldForm, writeNull } from './copy-binary-field.js';

/** PostgreSQL counts days and microseconds from 2000-01-01. */
const epochDays = 10_957;
const epochMicroseconds = 946_684_800_000_000n;
const epochLow = Number(BigInt.asUintN(32, epochMicroseconds));
const epochHigh = Number(epochMicroseconds >> 32n);

export const boolForm: FieldForm = {
  width: 1,
  write(vector, { view, at }, from, to) {
    const { data, nulls } = vector as ByteVector;
    for (let row = from; row < to; row++) {
      const place = at[row] as number;
      if (nulls[row] === 1) at[row] = writeNull(view, place);
      else {
        view.setInt32(place, 1);
        view.setInt8(place + 4, data[row] as number);
        at[row] = place + 5;
      }
    }
  },
};

/** Also of an unsigned byte, which no narrower type of PostgreSQL holds. */
export const int2Form: FieldForm = {
  width: 2,
  write(vector, { view, at }, from, to) {
    const { data, nulls } = vector as ByteVector | ShortVector;
    for (let row = from; row < to; row++) {
      const place = at[row] as number;
      if (nulls[row] === 1) at[row] = writeNull(view, place);
      else {
        view.setInt32(place, 2);
        view.setInt16(place + 4, data[row] as number);
        at[row] = place + 6;
      }
    }
  },
};

export const int4Form = int32Form(0);
export const dateForm = int32Form(epochDays);

/** int4, less what PostgreSQL's count begins with. */
function int32Form(epoch: number): FieldForm {
  return {
    width: 4,
    write(vector, { view, at }, from, to) {
      const { data, nulls } = vector as WordVector;
      for (let row = from; row < to; row++) {
        const place = at[row] as number;
        if (nulls[row] === 1) at[row] = writeNull(view, place);
        else {
          view.setInt32(place, 4);
          view.setInt32(place + 4, (data[row] as number) - epoch);
          at[row] = place + 8;
        }
      }
    },
  };
}

export const int8Form = int64Form(0, 0);
/** timestamp and timestamptz. */
export const timestampForm = int64Form(epochLow, epochHigh);

/** int8, less what PostgreSQL's count begins with, in two words. */
function int64Form(epochLow: number, epochHigh: number): FieldForm {
  return {
    width: 8,
    write(vector, { view, at }, from, to) {
      const { data, nulls } = vector as WordVector;
      for (let row = from; row < to; row++) {
        const place = at[row] as number;
        if (nulls[row] === 1) at[row] = writeNull(view, place);
        else {
          const low = (data[row * 2] as number) >>> 0;
          view.setInt32(place, 8);
          view.setInt32(place + 4, (data[row * 2 + 1] as number) - epochHigh - (low < epochLow ? 1 : 0));
          view.setInt32(place + 8, low - epochLow);
          at[row] = place + 12;
        }
      }
    },
  };
}

export const float4Form: FieldForm = {
  width: 4,
  write(vector, { view, at }, from, to) {
    const { data, nulls } = vector as FloatVector;
    for (let row = from; row < to; row++) {
      const place = at[row] as number;
      if (nulls[row] === 1) at[row] = writeNull(view, place);
      else {
        view.setInt32(place, 4);
        view.setFloat32(place + 4, data[row] as number);
        at[row] = place + 8;
      }
    }
  },
};

export const float8Form: FieldForm = {
  width: 8,
  write(vector, { view, at }, from, to) {
    const { data, nulls } = vector as FloatVector;
    for (let row = from; row < to; row++) {
      const place = at[row] as number;
      if (nulls[row] === 1) at[row] = writeNull(view, place);
      else {
        view.setInt32(place, 8);
        view.setFloat64(place + 4, data[row] as number);
        at[row] = place + 12;
      }
    }
  },
};
