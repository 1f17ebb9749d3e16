/** Writers of decimal digits. Each takes a place to write to and returns the place behind. */

const minus: u8 = 45;
const point: u8 = 46;
const billion: u64 = 1_000_000_000;

/** `00` to `99`, two bytes each. */
const pairs: usize = memory.data(200, 2);
for (let value = 0; value < 100; value++) {
  store<u8>(pairs + <usize>value * 2, <u8>(48 + value / 10));
  store<u8>(pairs + <usize>value * 2, <u8>(48 + (value % 10)), 1);
}

/** Two digits of a number below 100. */
export function putPair(at: usize, value: u32): void {
  store<u16>(at, load<u16>(pairs + ((<usize>value) << 1)));
}

/** `count` digits, zeros first. */
export function putPadded(at: usize, value: u32, count: i32): usize {
  let rest = value;
  let place = at + <usize>count;
  while (place > at + 1) {
    const quotient = rest / 100;
    place -= 2;
    putPair(place, rest - quotient * 100);
    rest = quotient;
  }
  if (place > at) store<u8>(at, <u8>(48 + rest));
  return at + <usize>count;
}

/** Without zeros before it. */
export function putWhole(at: usize, value: u64): usize {
  if (value < 0x1_0000_0000) return putPadded(at, <u32>value, digitsOf(<u32>value));
  const high = value / billion;
  return putPadded(putWhole(at, high), <u32>(value - high * billion), 9);
}

/** `magnitude` of the unit 10^-scale: at least one digit before the point, none of it where the scale is 0. */
export function putDecimal(at: usize, negative: bool, magnitude: u64, scale: i32): usize {
  let place = at;
  if (negative) store<u8>(place++, minus);
  if (scale === 0) return putWhole(place, magnitude);
  return withPoint(place, putAtLeast(place + 1, magnitude, scale + 1), scale);
}

/** The same of 128 bits. */
export function putWideDecimal(at: usize, negative: bool, low: u64, high: u64, scale: i32): usize {
  let place = at;
  if (negative) store<u8>(place++, minus);
  const first = place + (scale === 0 ? 0 : 1);
  const end = putWideAtLeast(first, low, high, scale + 1);
  return scale === 0 ? end : withPoint(place, end, scale);
}

/** The digits from `at + 1` to `end` get a point before the last `scale` of them, those before it move down by one. */
function withPoint(at: usize, end: usize, scale: i32): usize {
  const pointAt = end - <usize>scale - 1;
  for (let place = at; place < pointAt; place++) store<u8>(place, load<u8>(place, 1));
  store<u8>(pointAt, point);
  return end;
}

/** At least `count` digits, zeros first where there are fewer. */
function putAtLeast(at: usize, value: u64, count: i32): usize {
  if (value < billion && count <= 9) {
    const digits = digitsOf(<u32>value);
    return putPadded(at, <u32>value, digits < count ? count : digits);
  }
  const high = value / billion;
  return putPadded(putAtLeast(at, high, count > 10 ? count - 9 : 1), <u32>(value - high * billion), 9);
}

function putWideAtLeast(at: usize, low: u64, high: u64, count: i32): usize {
  if (high === 0) return putAtLeast(at, low, count);
  // Divided by a billion, 32 bits at a time.
  let rest: u64 = high >> 32;
  let quotientHigh = (rest / billion) << 32;
  rest = ((rest % billion) << 32) | (high & 0xffff_ffff);
  quotientHigh |= rest / billion;
  rest = ((rest % billion) << 32) | (low >> 32);
  let quotientLow = (rest / billion) << 32;
  rest = ((rest % billion) << 32) | (low & 0xffff_ffff);
  quotientLow |= rest / billion;
  const behind = putWideAtLeast(at, quotientLow, quotientHigh, count > 10 ? count - 9 : 1);
  return putPadded(behind, <u32>(rest % billion), 9);
}

/** Below 2^32. */
function digitsOf(value: u32): i32 {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1_000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}
