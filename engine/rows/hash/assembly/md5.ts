import { highsAt, lowsAt } from './memory';

/**
 * MD5 (RFC 1321) of four messages at once: MD5 is one long chain of dependent steps, so four chains side by side, one in
 * each lane of 128 bits, take hardly longer than one. Takes the addresses of four padded messages of `blocks` blocks of
 * 64 bytes each, and the address of the numbers of the `count` rows that these are of; writes the first eight bytes of
 * each digest to where its row's hash goes.
 */
export function md5(p0: usize, p1: usize, p2: usize, p3: usize, blocks: i32, rows: usize, count: i32): void {
  let a = i32x4.splat(0x67452301);
  let b = i32x4.splat(<i32>0xefcdab89);
  let c = i32x4.splat(<i32>0x98badcfe);
  let d = i32x4.splat(0x10325476);
  for (let block = 0; block < blocks; block++) {
    const w0 = word(p0, p1, p2, p3, 0);
    const w1 = word(p0, p1, p2, p3, 4);
    const w2 = word(p0, p1, p2, p3, 8);
    const w3 = word(p0, p1, p2, p3, 12);
    const w4 = word(p0, p1, p2, p3, 16);
    const w5 = word(p0, p1, p2, p3, 20);
    const w6 = word(p0, p1, p2, p3, 24);
    const w7 = word(p0, p1, p2, p3, 28);
    const w8 = word(p0, p1, p2, p3, 32);
    const w9 = word(p0, p1, p2, p3, 36);
    const w10 = word(p0, p1, p2, p3, 40);
    const w11 = word(p0, p1, p2, p3, 44);
    const w12 = word(p0, p1, p2, p3, 48);
    const w13 = word(p0, p1, p2, p3, 52);
    const w14 = word(p0, p1, p2, p3, 56);
    const w15 = word(p0, p1, p2, p3, 60);
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    // Round 1.
    a = f(a, b, c, d, w0, <i32>0xd76aa478, 7);
    d = f(d, a, b, c, w1, <i32>0xe8c7b756, 12);
    c = f(c, d, a, b, w2, <i32>0x242070db, 17);
    b = f(b, c, d, a, w3, <i32>0xc1bdceee, 22);
    a = f(a, b, c, d, w4, <i32>0xf57c0faf, 7);
    d = f(d, a, b, c, w5, <i32>0x4787c62a, 12);
    c = f(c, d, a, b, w6, <i32>0xa8304613, 17);
    b = f(b, c, d, a, w7, <i32>0xfd469501, 22);
    a = f(a, b, c, d, w8, <i32>0x698098d8, 7);
    d = f(d, a, b, c, w9, <i32>0x8b44f7af, 12);
    c = f(c, d, a, b, w10, <i32>0xffff5bb1, 17);
    b = f(b, c, d, a, w11, <i32>0x895cd7be, 22);
    a = f(a, b, c, d, w12, <i32>0x6b901122, 7);
    d = f(d, a, b, c, w13, <i32>0xfd987193, 12);
    c = f(c, d, a, b, w14, <i32>0xa679438e, 17);
    b = f(b, c, d, a, w15, <i32>0x49b40821, 22);
    // Round 2.
    a = g(a, b, c, d, w1, <i32>0xf61e2562, 5);
    d = g(d, a, b, c, w6, <i32>0xc040b340, 9);
    c = g(c, d, a, b, w11, <i32>0x265e5a51, 14);
    b = g(b, c, d, a, w0, <i32>0xe9b6c7aa, 20);
    a = g(a, b, c, d, w5, <i32>0xd62f105d, 5);
    d = g(d, a, b, c, w10, <i32>0x02441453, 9);
    c = g(c, d, a, b, w15, <i32>0xd8a1e681, 14);
    b = g(b, c, d, a, w4, <i32>0xe7d3fbc8, 20);
    a = g(a, b, c, d, w9, <i32>0x21e1cde6, 5);
    d = g(d, a, b, c, w14, <i32>0xc33707d6, 9);
    c = g(c, d, a, b, w3, <i32>0xf4d50d87, 14);
    b = g(b, c, d, a, w8, <i32>0x455a14ed, 20);
    a = g(a, b, c, d, w13, <i32>0xa9e3e905, 5);
    d = g(d, a, b, c, w2, <i32>0xfcefa3f8, 9);
    c = g(c, d, a, b, w7, <i32>0x676f02d9, 14);
    b = g(b, c, d, a, w12, <i32>0x8d2a4c8a, 20);
    // Round 3.
    a = h(a, b, c, d, w5, <i32>0xfffa3942, 4);
    d = h(d, a, b, c, w8, <i32>0x8771f681, 11);
    c = h(c, d, a, b, w11, <i32>0x6d9d6122, 16);
    b = h(b, c, d, a, w14, <i32>0xfde5380c, 23);
    a = h(a, b, c, d, w1, <i32>0xa4beea44, 4);
    d = h(d, a, b, c, w4, <i32>0x4bdecfa9, 11);
    c = h(c, d, a, b, w7, <i32>0xf6bb4b60, 16);
    b = h(b, c, d, a, w10, <i32>0xbebfbc70, 23);
    a = h(a, b, c, d, w13, <i32>0x289b7ec6, 4);
    d = h(d, a, b, c, w0, <i32>0xeaa127fa, 11);
    c = h(c, d, a, b, w3, <i32>0xd4ef3085, 16);
    b = h(b, c, d, a, w6, <i32>0x04881d05, 23);
    a = h(a, b, c, d, w9, <i32>0xd9d4d039, 4);
    d = h(d, a, b, c, w12, <i32>0xe6db99e5, 11);
    c = h(c, d, a, b, w15, <i32>0x1fa27cf8, 16);
    b = h(b, c, d, a, w2, <i32>0xc4ac5665, 23);
    // Round 4.
    a = i(a, b, c, d, w0, <i32>0xf4292244, 6);
    d = i(d, a, b, c, w7, <i32>0x432aff97, 10);
    c = i(c, d, a, b, w14, <i32>0xab9423a7, 15);
    b = i(b, c, d, a, w5, <i32>0xfc93a039, 21);
    a = i(a, b, c, d, w12, <i32>0x655b59c3, 6);
    d = i(d, a, b, c, w3, <i32>0x8f0ccc92, 10);
    c = i(c, d, a, b, w10, <i32>0xffeff47d, 15);
    b = i(b, c, d, a, w1, <i32>0x85845dd1, 21);
    a = i(a, b, c, d, w8, <i32>0x6fa87e4f, 6);
    d = i(d, a, b, c, w15, <i32>0xfe2ce6e0, 10);
    c = i(c, d, a, b, w6, <i32>0xa3014314, 15);
    b = i(b, c, d, a, w13, <i32>0x4e0811a1, 21);
    a = i(a, b, c, d, w4, <i32>0xf7537e82, 6);
    d = i(d, a, b, c, w11, <i32>0xbd3af235, 10);
    c = i(c, d, a, b, w2, <i32>0x2ad7d2bb, 15);
    b = i(b, c, d, a, w9, <i32>0xeb86d391, 21);
    a = i32x4.add(a, a0);
    b = i32x4.add(b, b0);
    c = i32x4.add(c, c0);
    d = i32x4.add(d, d0);
    p0 += 64;
    p1 += 64;
    p2 += 64;
    p3 += 64;
  }
  keep(rows, count, swapped(a), swapped(b));
}

/** The same word of all four messages. */
function word(p0: usize, p1: usize, p2: usize, p3: usize, at: usize): v128 {
  const first = v128.load32_zero(p0 + at);
  const second = v128.load_lane<u32>(p1 + at, first, 1);
  return v128.load_lane<u32>(p3 + at, v128.load_lane<u32>(p2 + at, second, 2), 3);
}

/** RFC 1321, section 3.4, one step of each round: a = b + ((a + f(b, c, d) + word + constant) <<< shift). */
function f(a: v128, b: v128, c: v128, d: v128, w: v128, k: i32, shift: i32): v128 {
  return turned(b, added(a, w, k), v128.bitselect(c, d, b), shift);
}

function g(a: v128, b: v128, c: v128, d: v128, w: v128, k: i32, shift: i32): v128 {
  return turned(b, added(a, w, k), v128.bitselect(b, c, d), shift);
}

function h(a: v128, b: v128, c: v128, d: v128, w: v128, k: i32, shift: i32): v128 {
  return turned(b, added(a, w, k), v128.xor(v128.xor(b, c), d), shift);
}

function i(a: v128, b: v128, c: v128, d: v128, w: v128, k: i32, shift: i32): v128 {
  return turned(b, added(a, w, k), v128.xor(v128.or(v128.not(d), b), c), shift);
}

/** What does not wait for the step before. */
function added(a: v128, w: v128, k: i32): v128 {
  return i32x4.add(i32x4.add(a, w), i32x4.splat(k));
}

function turned(b: v128, sum: v128, mixed: v128, shift: i32): v128 {
  const all = i32x4.add(sum, mixed);
  return i32x4.add(v128.or(i32x4.shl(all, shift), i32x4.shr_u(all, 32 - shift)), b);
}

/** Each lane as a big-endian number. */
function swapped(lanes: v128): v128 {
  return i8x16.shuffle(lanes, lanes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function keep(rows: usize, count: i32, high: v128, low: v128): void {
  keepLane(rows, i32x4.extract_lane(high, 0), i32x4.extract_lane(low, 0));
  if (count > 1) keepLane(rows + 4, i32x4.extract_lane(high, 1), i32x4.extract_lane(low, 1));
  if (count > 2) keepLane(rows + 8, i32x4.extract_lane(high, 2), i32x4.extract_lane(low, 2));
  if (count > 3) keepLane(rows + 12, i32x4.extract_lane(high, 3), i32x4.extract_lane(low, 3));
}

function keepLane(row: usize, high: i32, low: i32): void {
  const at = (<usize>load<u32>(row)) << 2;
  store<i32>(highsAt + at, high);
  store<i32>(lowsAt + at, low);
}
