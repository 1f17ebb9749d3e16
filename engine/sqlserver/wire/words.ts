let last: Buffer = Buffer.alloc(0);
let view = new DataView(last.buffer, last.byteOffset, 0);

/**
 * A view of a buffer, to read several of its bytes at once. That of the last buffer is kept, as thousands of values come
 * out of each.
 */
export function wordsOf(bytes: Buffer): DataView {
  if (bytes !== last) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    last = bytes;
  }
  return view;
}
