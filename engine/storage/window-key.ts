import { decodeSegment, type ObjectKey, rawPrefix, transformedPrefix, type WindowLocation } from './keys.js';

/** What an object is of that belongs to a window. */
export interface WindowObject {
  readonly window: WindowLocation;
  /** Of the window: what its manifest and the parts of all of its attempts have in common. */
  readonly prefix: ObjectKey;
  /** `<target>`, and for a raw object `<target>/<schema>.<table>`. */
  readonly subject: string;
  /** Whose object it is; absent for the manifest. */
  readonly attempt?: string;
}

const day = /^(0[1-9]|[12]\d|3[01])$/;

/**
 * Reads a key that `rawPrefix` or `transformedPrefix` has begun; it has names that were too long to be kept whole as
 * little as a key of anybody else: then undefined.
 */
export function parseWindowKey(hop: 'raw' | 'transformed', key: string): WindowObject | undefined {
  const segments = key.split('/');
  const names = segments.slice(0, hop === 'raw' ? 6 : 4).flatMap((segment) => decodeSegment(segment) ?? []);
  const label = labelOf(segments.slice(hop === 'raw' ? 6 : 4));
  const [category = '', target = '', server = '', database = '', schema = '', table = ''] = names;
  if (label === undefined || names.length !== (hop === 'raw' ? 6 : 4)) return undefined;
  const window = { category, target, server, database, window: label };
  const prefix = hop === 'raw' ? rawPrefix({ ...window, schema, table }) : transformedPrefix(window);
  if (!key.startsWith(prefix)) return undefined;
  const subject = hop === 'raw' ? `${target}/${schema}.${table}` : target;
  const tail = key.slice(prefix.length);
  if (tail === 'manifest.json') return { window, prefix, subject };
  const attempt = decodeSegment(tail.slice(0, Math.max(0, tail.indexOf('/'))));
  return attempt === undefined ? undefined : { window, prefix, subject, attempt };
}

/** As `parseWindowKey`, for what `quarantineKey` makes; its prefix is that of the window in a bucket of parts. */
export function parseQuarantineKey(key: string): Pick<WindowObject, 'window' | 'subject'> | undefined {
  const found = /^quarantine\/(.+)\.jsonl$/.exec(key);
  return found === null ? undefined : parseWindowKey('transformed', `${found[1]}/lines`);
}

/** The plan's label, by the segments behind the names. */
function labelOf([first = '', second = '', third = '', ...more]: readonly string[]): string | undefined {
  if (first === 'window') return decodeSegment(second);
  if (!/^\d{4}$/.test(first) || !/^(0[1-9]|1[0-2])$/.test(second)) return undefined;
  return day.test(third) && more.length > 0 ? `${first}${second}${third}` : `${first}${second}`;
}
