import { type CellBindings, type CellCode, nullStatements } from '../cell-code.js';

/**
 * Code of a type whose values have one size: bare in its fixed form; behind a length byte, 0 for NULL, in its nullable
 * form (MS-TDS 2.2.5.4.1, 2.2.5.4.2).
 * @param write statements that write the value whose bytes begin at `at`, and are all there, to `row`
 */
export function sizedCode(
  bound: CellBindings,
  { size, fixed }: { readonly size: number; readonly fixed: boolean },
  write: string,
): CellCode {
  if (fixed) {
    return {
      bound,
      statements: (incomplete) => `
        if (end - at < ${size}) ${incomplete(String(size))}
        ${write}
        at += ${size};`,
    };
  }
  return {
    bound,
    statements: (incomplete) => `
      if (at >= end) ${incomplete('1')}
      const length = bytes[at];
      if (length === 0) {
        ${nullStatements(bound)}
        at += 1;
      } else {
        if (length !== ${size}) throw fail(at, 'a value of ' + length + ' bytes instead of ${size}');
        if (end - at < ${size + 1}) ${incomplete(String(size + 1))}
        at += 1;
        ${write}
        at += ${size};
      }`,
  };
}
