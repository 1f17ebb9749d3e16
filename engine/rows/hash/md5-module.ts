/**
 * MD5 (RFC 1321) of four messages at once as a WebAssembly module, assembled here: MD5 is one long chain of dependent
 * steps, so four chains side by side, one in each lane of 128 bits, take hardly longer than one.
 * @see https://webassembly.github.io/spec/core/binary/index.html
 */

const roundShifts = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
const initialState = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;
const blockBytes = 64;

const i32 = 0x7f;
const v128 = 0x7b;
const local = { get: 0x20, set: 0x21, tee: 0x22 } as const;
const scalar = { const: 0x41, add: 0x6a, sub: 0x6b } as const;
const vector = {
  store: 0x0b,
  const: 0x0c,
  shuffle: 0x0d,
  not: 0x4d,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  loadLane: 0x56,
  loadZero: 0x5c,
  shiftLeft: 0xab,
  shiftRight: 0xad,
  add: 0xae,
} as const;

/** Parameters of the exported function (four addresses, a number of blocks), then its locals. */
const index = { message: 0, blocks: 4, state: 5, before: 9, word: 13, sum: 29 } as const;

/**
 * Bytes of a module that exports `memory` of so many pages of 64 KiB, which never grows, and `md5(p0, p1, p2, p3,
 * blocks)`: the addresses of four padded messages of so many blocks each. At `out` it writes the first four bytes of
 * each digest as big-endian numbers, lane by lane, and then the second four.
 */
export function md5Module(pages: number, out: number): Uint8Array<ArrayBuffer> {
  const name = (text: string) => [...unsigned(text.length), ...Buffer.from(text)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 5, i32, i32, i32, i32, i32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x01, ...unsigned(pages), ...unsigned(pages)]),
    ...section(7, [2, ...name('memory'), 0x02, 0, ...name('md5'), 0x00, 0]),
    ...section(10, [1, ...sized([1, ...unsigned(index.sum - index.state + 1), v128, ...body(out), 0x0b])]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function body(out: number): number[] {
  const states = [0, 1, 2, 3];
  return [
    ...states.flatMap((at) => [...constant(initialState[at] as number), ...set(index.state + at)]),
    ...[0x03, 0x40],
    ...loadWords(),
    ...states.flatMap((at) => [...get(index.state + at), ...set(index.before + at)]),
    ...Array.from({ length: 64 }, (_, step) => stepCode(step)).flat(),
    ...states.flatMap((at) => [
      ...get(index.state + at),
      ...get(index.before + at),
      ...simd(vector.add),
      ...set(index.state + at),
    ]),
    ...states.flatMap((lane) => advance(index.message + lane, scalar.add, blockBytes)),
    ...advance(index.blocks, scalar.sub, 1),
    ...[...get(index.blocks), 0x0d, 0, 0x0b],
    ...storeBigEndian(index.state, out),
    ...storeBigEndian(index.state + 1, out + 16),
  ];
}

/** Each word of the block, of all four messages, into a local of its own. */
function loadWords(): number[] {
  return Array.from({ length: 16 }, (_, word) => {
    const at = [2, ...unsigned(word * 4)];
    const first = [...get(index.message), ...simd(vector.loadZero), ...at, ...set(index.word + word)];
    const others = [1, 2, 3].flatMap((lane) => [
      ...get(index.message + lane),
      ...get(index.word + word),
      ...[...simd(vector.loadLane), ...at, lane],
      ...set(index.word + word),
    ]);
    return [...first, ...others];
  }).flat();
}

/** One step: a = b + ((a + f(b, c, d) + word + constant) <<< shift), the roles of the four rotating. */
function stepCode(step: number): number[] {
  const round = step >> 4;
  const word = [step, 5 * step + 1, 3 * step + 5, 7 * step][round] as number;
  const shift = roundShifts[round]?.[step & 3] as number;
  const [a, b, c, d] = [0, 1, 2, 3].map((role) => index.state + ((role - step) & 3)) as [
    number,
    number,
    number,
    number,
  ];
  return [
    // What does not wait for the step before comes first.
    ...[...get(a), ...get(index.word + (word & 15)), ...simd(vector.add)],
    ...[...constant(Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32)), ...simd(vector.add)],
    ...[...mixed(round, get(b), get(c), get(d)), ...simd(vector.add)],
    ...[local.tee, index.sum, scalar.const, ...signed(shift), ...simd(vector.shiftLeft)],
    ...[...get(index.sum), scalar.const, ...signed(32 - shift), ...simd(vector.shiftRight)],
    ...simd(vector.or),
    ...get(b),
    ...simd(vector.add),
    ...set(a),
  ];
}

/** RFC 1321, section 3.4: F, G, H and I. */
function mixed(round: number, b: number[], c: number[], d: number[]): number[] {
  switch (round) {
    case 0:
      return [...c, ...d, ...b, ...simd(vector.bitselect)];
    case 1:
      return [...b, ...c, ...d, ...simd(vector.bitselect)];
    case 2:
      return [...b, ...c, ...simd(vector.xor), ...d, ...simd(vector.xor)];
    default:
      return [...d, ...simd(vector.not), ...b, ...simd(vector.or), ...c, ...simd(vector.xor)];
  }
}

function storeBigEndian(at: number, address: number): number[] {
  const swapped = Array.from({ length: 16 }, (_, byte) => byte ^ 3);
  return [
    ...[scalar.const, ...signed(address)],
    ...[...get(at), ...get(at), ...simd(vector.shuffle), ...swapped],
    ...[...simd(vector.store), 2, 0],
  ];
}

function advance(at: number, operation: number, by: number): number[] {
  return [...get(at), scalar.const, ...signed(by), operation, ...set(at)];
}

function get(at: number): number[] {
  return [local.get, at];
}

function set(at: number): number[] {
  return [local.set, at];
}

/** The same 32 bits in each lane. */
function constant(value: number): number[] {
  const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
  return [...simd(vector.const), ...bytes, ...bytes, ...bytes, ...bytes];
}

function simd(opcode: number): number[] {
  return [0xfd, ...unsigned(opcode)];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** LEB128 of a number that is not negative, where the format wants a signed one. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}
