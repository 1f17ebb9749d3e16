/**
 * Half of a surrogate pair, which SQL Server keeps in nvarchar as it keeps any other unit and DuckDB's UTF-8 cannot:
 * it rests as one of the last 2,048 code points, which are for private use.
 */
export const firstHalf = 0x10f800;
/** From a half to the code point that it rests as. */
export const halfOffset = firstHalf - 0xd800;

/** A text as DuckDB can hold it. */
export const atRest = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, (half) => String.fromCodePoint(half.charCodeAt(0) + halfOffset));

/** What `atRest` made of a text as it was; nearly all have none of their high surrogates. */
export const asSent = (text: string): string =>
  /[\udbfe\udbff]/.test(text)
    ? text.replace(/[\u{10f800}-\u{10ffff}]/gu, (resting) =>
        String.fromCharCode((resting.codePointAt(0) as number) - halfOffset),
      )
    : text;
