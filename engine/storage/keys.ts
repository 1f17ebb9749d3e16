import { createHash } from 'node:crypto';

declare const objectKeyBrand: unique symbol;
/** Key of an object, or a prefix of keys (ends with `/`). Only the functions of this file make one. */
export type ObjectKey = string & { readonly [objectKeyBrand]: true };

/** What a transformed window is found by. `window` is the plan's label: `20250131`, `202501`, `lt20250101`, … */
export interface WindowLocation {
  readonly category: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly window: string;
}

/** A raw window belongs to one source table. */
export interface RawLocation extends WindowLocation {
  readonly schema: string;
  readonly table: string;
}

/** `<category>/<target>/<server>/<database>/<schema>/<table>/YYYY/MM/DD/` (or `YYYY/MM/`, or `window/<label>/`). */
export function rawPrefix(location: RawLocation): ObjectKey {
  const { category, target, server, database, schema, table, window } = location;
  return join([category, target, server, database, schema, table], window);
}

/** As `rawPrefix`, without schema and table: a transformed window joins them. */
export function transformedPrefix(location: WindowLocation): ObjectKey {
  const { category, target, server, database, window } = location;
  return join([category, target, server, database], window);
}

/** `<prefix><attempt>/part-00000.parquet`; parts of two attempts never meet. */
export function partKey(prefix: ObjectKey, attempt: string, index: number): ObjectKey {
  return `${attemptPrefix(prefix, attempt)}part-${String(index).padStart(5, '0')}.parquet` as ObjectKey;
}

/**
 * `<prefix><attempt>/range-00003-<range attempt>-part-00000.parquet`: a part with what one range of keys holds of the
 * window. Ranges share the attempt that a manifest names; a range that is read again has names of its own.
 */
export function rangePartKey(
  prefix: ObjectKey,
  attempt: string,
  range: { readonly ordinal: number; readonly attempt: string },
  index: number,
): ObjectKey {
  const name = `range-${String(range.ordinal).padStart(5, '0')}-${encodeSegment(range.attempt)}`;
  return `${attemptPrefix(prefix, attempt)}${name}-part-${String(index).padStart(5, '0')}.parquet` as ObjectKey;
}

export function attemptPrefix(prefix: ObjectKey, attempt: string): ObjectKey {
  return `${prefix}${encodeSegment(attempt)}/` as ObjectKey;
}

/** `quarantine/<category>/<target>/<server>/<database>/<window's path><attempt>.jsonl`, apart from all that holds no values. */
export function quarantineKey(location: WindowLocation, attempt: string): ObjectKey {
  return `quarantine/${transformedPrefix(location)}${encodeSegment(attempt)}.jsonl` as ObjectKey;
}

/** The one object with a fixed name under a window's prefix. */
export function manifestKey(prefix: ObjectKey): ObjectKey {
  return `${prefix}manifest.json` as ObjectKey;
}

function join(names: readonly string[], window: string): ObjectKey {
  return `${names.map(encodeSegment).join('/')}/${windowPath(window)}` as ObjectKey;
}

function windowPath(label: string): string {
  const date = /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?$/.exec(label);
  if (!date) return `window/${encodeSegment(label)}/`;
  const [, year, month, day] = date;
  return day === undefined ? `${year}/${month}/` : `${year}/${month}/${day}/`;
}

/** Longest segment that every file system in use takes, with room for a temporary suffix. */
const maxSegmentBytes = 200;

/**
 * A name as one path segment: letters, digits, `_`, `-` and inner dots stay, all else is percent-encoded, so
 * two names never meet and none leaves its folder. Over-long names are cut and told apart by their hash.
 */
export function encodeSegment(name: string): string {
  const encoded = Array.from(Buffer.from(name, 'utf8'), (byte, at) => {
    const char = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_-]/.test(char) || (char === '.' && at > 0);
    return plain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
  if (encoded === '') return '%00';
  if (encoded.length <= maxSegmentBytes) return encoded;
  const hash = createHash('sha256').update(name, 'utf8').digest('hex').slice(0, 32);
  return `${encoded.slice(0, maxSegmentBytes - hash.length - 1)}~${hash}`;
}

/** The name that `encodeSegment` made a segment of; undefined where it was cut, or made by nobody here. */
export function decodeSegment(segment: string): string | undefined {
  if (segment === '%00') return '';
  if (!/^([A-Za-z0-9_.-]|%[0-9A-F]{2})+$/.test(segment)) return undefined;
  const bytes = segment.replace(/%(..)|(.)/g, (_, hex: string | undefined, char: string) =>
    hex === undefined ? Buffer.from(char).toString('hex') : hex,
  );
  const name = Buffer.from(bytes, 'hex').toString('utf8');
  return encodeSegment(name) === segment ? name : undefined;
}
