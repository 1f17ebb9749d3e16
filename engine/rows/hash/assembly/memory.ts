/** Where in the module's memory, which never grows, each thing lies. The host writes a column in, then has it written out. */

/** Rows that are written before they are hashed: what they take should stay in the processor's cache. */
export const groupRows: i32 = 256;
/** For the texts of a group of rows, each padded as MD5 asks for. */
export const messageBytes: i32 = 256 * 1024;
/** Rows whose text may be longer are hashed elsewhere. */
export const largeRowBytes: i32 = 16 * 1024;

/**
 * Room behind the last field of a row: up to 72 bytes of MD5's padding, where what is stored in one go beyond the end of a
 * value goes as well, and up to 15 that are lost to alignment.
 */
export const slackBytes: i32 = 96;

/** The column that is written next: its NULLs, its values of up to 16 bytes, or where each ends in the heap. */
export const nullsAt: usize = memory.data(groupRows);
export const dataAt: usize = memory.data(groupRows * 16, 16);
/** Of the row before the first one too. */
export const endsAt: usize = memory.data((groupRows + 1) * 4, 4);
/** The heap's bytes of these rows. Texts are copied 16 bytes at a time. */
export const heapAt: usize = memory.data(messageBytes + 16, 16);

/** Of each row: the most bytes that its text can have; where it begins; where its next field goes. */
export const sizesAt: usize = memory.data(groupRows * 4, 4);
export const startsAt: usize = memory.data(groupRows * 4, 4);
export const placesAt: usize = memory.data(groupRows * 4, 4);
export const messagesAt: usize = memory.data(messageBytes, 16);

/** Of each row, the first four bytes of its hash as a big-endian number, and the second four. */
export const highsAt: usize = memory.data(groupRows * 4, 16);
export const lowsAt: usize = memory.data(groupRows * 4, 16);

/** Where a row's next field goes. */
export function placeOf(row: i32): usize {
  return <usize>load<u32>(placesAt + ((<usize>row) << 2));
}

export function setPlace(row: i32, place: usize): void {
  store<u32>(placesAt + ((<usize>row) << 2), <u32>place);
}

export function isNull(row: i32): bool {
  return load<u8>(nullsAt + <usize>row) !== 0;
}

export const semicolon: u8 = 59;

/** `~;` for a NULL; returns the place behind. */
export function putNull(at: usize): usize {
  store<u16>(at, 0x3b7e);
  return at + 2;
}
