import { md5 } from './md5';
import {
  endsAt,
  highsAt,
  largeRowBytes,
  lowsAt,
  messageBytes,
  messagesAt,
  placesAt,
  sizesAt,
  slackBytes,
  startsAt,
} from './memory';

const lanes: i32 = 4;
const blockBytes: i32 = 64;
const mostBlocks: i32 = (largeRowBytes + blockBytes) / blockBytes + 1;
/** Rows by their number of blocks that wait until they are as many as are hashed at once, and how many wait. */
const waitingAt: usize = memory.data((mostBlocks + 1) * lanes * 4, 4);
const waitingCountsAt: usize = memory.data(mostBlocks + 1);

/** A new group: each row's text has at most so many bytes, before those of its heaps. */
export function begin(rows: i32, fixedBytes: i32): void {
  for (let row = 0; row < rows; row++) store<i32>(sizesAt + ((<usize>row) << 2), fixedBytes);
}

/** The text has `perByte` bytes for each of the heap whose ends were written in. */
export function measure(rows: i32, perByte: i32): void {
  for (let row = 0; row < rows; row++) {
    const at = (<usize>row) << 2;
    const bytes = load<i32>(endsAt + at, 4) - load<i32>(endsAt + at);
    const size = load<i32>(sizesAt + at);
    // What is too large already stays so, whatever comes on top.
    if (size <= largeRowBytes)
      store<i32>(sizesAt + at, bytes > largeRowBytes ? bytes : size + perByte * bytes);
  }
}

/** Gives the rows their places; returns the first one that found none: row 0 only where it is too large. */
export function place(rows: i32): i32 {
  let at: i32 = 0;
  for (let row = 0; row < rows; row++) {
    const size = load<i32>(sizesAt + ((<usize>row) << 2));
    if (size > largeRowBytes || at + size + slackBytes > messageBytes) return row;
    store<u32>(startsAt + ((<usize>row) << 2), <u32>messagesAt + <u32>at);
    store<u32>(placesAt + ((<usize>row) << 2), <u32>messagesAt + <u32>at);
    at += (size + slackBytes) & ~15;
  }
  return rows;
}

/** Hashes the rows' texts, and returns the sum of their hashes modulo 2^64. */
export function hash(rows: i32): u64 {
  let highest = 0;
  for (let row = 0; row < rows; row++) {
    const blocks = pad(row);
    if (blocks > highest) highest = blocks;
    const count = <i32>load<u8>(waitingCountsAt + <usize>blocks);
    store<i32>(waitingAt + ((<usize>(blocks * lanes + count)) << 2), row);
    if (count + 1 < lanes) store<u8>(waitingCountsAt + <usize>blocks, <u8>(count + 1));
    else hashLanes(blocks, lanes);
  }
  for (let blocks = 1; blocks <= highest; blocks++) {
    const count = <i32>load<u8>(waitingCountsAt + <usize>blocks);
    if (count > 0) hashLanes(blocks, count);
  }
  return sum(rows);
}

/** RFC 1321, sections 3.1 and 3.2; returns the number of blocks. */
function pad(row: i32): i32 {
  const start = load<u32>(startsAt + ((<usize>row) << 2));
  const end = load<u32>(placesAt + ((<usize>row) << 2));
  const blocks = <i32>((end - start + 8 + <u32>blockBytes) >> 6);
  const lengthAt = <usize>start + <usize>(blocks * blockBytes - 8);
  store<u8>(end, 0x80);
  // 8 at a time: the last of them may reach into the length, which is written after.
  for (let place = <usize>end + 1; place < lengthAt; place += 8) store<u64>(place, 0);
  store<u64>(lengthAt, (<u64>(end - start)) << 3);
  return blocks;
}

/** Hashes what waits with this number of blocks; lanes that nothing waits for hash the first message again. */
function hashLanes(blocks: i32, count: i32): void {
  const first = waitingAt + ((<usize>(blocks * lanes)) << 2);
  md5(
    startOf(first),
    startOf(first + (count > 1 ? 4 : 0)),
    startOf(first + (count > 2 ? 8 : 0)),
    startOf(first + (count > 3 ? 12 : 0)),
    blocks,
    first,
    count,
  );
  store<u8>(waitingCountsAt + <usize>blocks, 0);
}

function startOf(waiting: usize): usize {
  return <usize>load<u32>(startsAt + ((<usize>load<u32>(waiting)) << 2));
}

function sum(rows: i32): u64 {
  let total: u64 = 0;
  for (let row = 0; row < rows; row++) {
    const at = (<usize>row) << 2;
    total += ((<u64>load<u32>(highsAt + at)) << 32) | <u64>load<u32>(lowsAt + at);
  }
  return total;
}
