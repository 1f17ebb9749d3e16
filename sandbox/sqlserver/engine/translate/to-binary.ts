import { notOffered, unsupported } from '../errors.js';
import { hexOf } from './bytes.js';
import { type Expr, expr } from './expr.js';
import { type BinaryType, isBinary, isByteType, isChar, isFloat, typeName } from './sql-types.js';

/** CONVERT to binary or varbinary (docs: CAST and CONVERT, "Binary styles"; binary and varbinary, "Convert data"). */
export function toBinary(source: Expr, target: BinaryType, style: number | undefined): Expr {
  const { type } = source;
  if (isByteType(type)) return byteTypeTo(source, target);
  if (isFloat(type)) return floatBits(source, target);
  if (isBinary(type) && target.name === 'varbinary') {
    const fits = target.length === 'max' || (type.length !== 'max' && type.length <= target.length);
    if (fits) return { ...source, type: target };
    return expr(`array_slice(${source.sql}, 1, ${target.length})`, target, source.nullable);
  }
  // Trailing zeros fill what is short, and what is long is cut (docs: binary and varbinary, "Convert data").
  if (isBinary(type)) {
    const digits = Number(target.length) * 2;
    const hex = `rpad(${hexOf(source).sql}, ${digits}, '0')`;
    return { ...expr(`unhex(${hex})`, target, source.nullable), hex: { sql: hex, digits } };
  }
  if (isChar(type) && target.name === 'varbinary') {
    if (style === 1) return expr(`unhex(substr(${source.sql}, 3))`, target, source.nullable);
    if (style === 2) return expr(`unhex(${source.sql})`, target, source.nullable);
    const hex = hexOf(source);
    const cut = target.length === 'max' ? hex.sql : `left(${hex.sql}, ${target.length * 2})`;
    return { ...expr(`unhex(${cut})`, target, source.nullable), hex: { sql: cut } };
  }
  const bytes = { tinyint: 1, smallint: 2, int: 4, bigint: 8 }[type.name as 'int'];
  if (!bytes || (target.length !== 'max' && target.length < bytes))
    throw notOffered(typeName(type), typeName(target));
  const natural = `right(lpad(hex(CAST(${source.sql} AS BIGINT)), 16, '0'), ${bytes * 2})`;
  const width = target.name === 'binary' ? Number(target.length) : bytes;
  const hex = width > bytes ? `lpad(${natural}, ${width * 2}, '0')` : natural;
  return { ...expr(`unhex(${hex})`, target, source.nullable), hex: { sql: hex, digits: width * 2 } };
}

/** image, rowversion and the CLR's types as the bytes that they are. */
function byteTypeTo(source: Expr, target: BinaryType): Expr {
  const length = source.type.name === 'rowversion' ? 8 : 'max';
  return toBinary(
    { ...source, type: { name: 'varbinary', length } },
    { ...target, name: 'varbinary' },
    undefined,
  );
}

/** The bits of a float or real, the sign first. */
function floatBits(source: Expr, target: BinaryType): Expr {
  const bytes = source.type.name === 'float' ? 8 : 4;
  if (target.length !== bytes)
    throw unsupported(`conversion of ${source.type.name} to ${target.length} bytes`);
  const hex = `hex(CAST(CAST(${source.sql} AS BIT) AS BLOB))`;
  return { ...expr(`unhex(${hex})`, target, source.nullable), hex: { sql: hex, digits: bytes * 2 } };
}
