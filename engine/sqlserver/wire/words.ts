/** Of a larger one no view is kept, as it would keep the buffer in memory until the next. */
const keptBytes = 1024 * 1024;

let last: Buffer = Buffer.alloc(0);
let view = new DataView(last.buffer, last.byteOffset, 0);

/**
 * A view of a buffer, to read several of its bytes at once. That of the last buffer is kept, as thousands of values come
 * out of each.
 */
export function viewOf(bytes: Buffer): DataView {
  if (bytes === last) return view;
  const made = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length > keptBytes) return made;
  view = made;
  last = bytes;
  return view;
}
