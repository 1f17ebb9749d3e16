/**
 * JavaScript that writes a column's fields, for a function generated for the shape of a row. It is made of the column's
 * number and of numbers of its type, never of a name or a value. It finds `view` and `bytes` of the buffer, `row`, the
 * place `at` to write to, which it moves on, and of the column `data`, `nulls`, `ends`, `heap` and `words` (a view of
 * the heap), each with the column's number behind it.
 */
export interface FieldCode {
  /** Writes the length and the value, which is not NULL, in network byte order. */
  readonly write: (column: number) => string;
  /** Bytes of a value at most, beside those of its heap that it has. */
  readonly most: number;
}
