const hyphen = 0x2d;
const zero = 0x30;

/** The 16 bytes of a uuid out of its 36 characters. */
export function writeUuid(bytes: Buffer, at: number, heap: Buffer, start: number): void {
  let to = at;
  for (let from = start; to < at + 16; from += 2) {
    if (heap[from] === hyphen) from++;
    bytes[to++] = (hexDigit(heap[from] as number) << 4) | hexDigit(heap[from + 1] as number);
  }
}

/** Microseconds since midnight, 64 bits, out of `23:59:59` and up to six digits behind a point. */
export function writeTime(view: DataView, at: number, heap: Buffer, start: number, end: number): void {
  const seconds =
    twoDigits(heap, start) * 3600 + twoDigits(heap, start + 3) * 60 + twoDigits(heap, start + 6);
  let microseconds = seconds * 1_000_000;
  let unit = 100_000;
  for (let from = start + 9; from < end; from++) {
    microseconds += ((heap[from] as number) - zero) * unit;
    unit /= 10;
  }
  view.setInt32(at, Math.floor(microseconds / 2 ** 32));
  view.setInt32(at + 4, microseconds);
}

function twoDigits(heap: Buffer, at: number): number {
  return ((heap[at] as number) - zero) * 10 + (heap[at + 1] as number) - zero;
}

/** Of an ASCII digit, or a letter of either case. */
function hexDigit(code: number): number {
  return code < 0x40 ? code - zero : (code & 0x0f) + 9;
}
