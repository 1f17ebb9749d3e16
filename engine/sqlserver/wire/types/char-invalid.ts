import { type CellOptions, unrepresentable, type WireColumn } from '../cell-decoder.js';

/** What a writer of text does where bytes are no text in their encoding. */
export type InvalidText = (row: number) => void;

/**
 * Under `fail` a function that throws VALUE_UNREPRESENTABLE. Under `replace` one that counts the value: the writer
 * puts U+FFFD and calls it once for a value.
 */
export function invalidText(column: WireColumn, options: CellOptions, what: string): InvalidText {
  if (options.invalidText === 'replace')
    return () => {
      options.counts.replaced += 1;
    };
  return (row) => {
    throw unrepresentable(
      column,
      options,
      row,
      `${what}. Repair the value, or give the column "policy": "replace", or "bytes" into bytea, where it is copied without a transform`,
    );
  };
}

/** U+FFFD in UTF-8, at `at` of the heap; returns the offset behind it. */
export function putReplacement(heap: Buffer, at: number): number {
  heap[at] = 0xef;
  heap[at + 1] = 0xbf;
  heap[at + 2] = 0xbd;
  return at + 3;
}
