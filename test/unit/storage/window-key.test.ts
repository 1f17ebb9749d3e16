import fc from 'fast-check';
import {
  attemptPrefix,
  manifestKey,
  partKey,
  quarantineKey,
  rawPrefix,
  transformedPrefix,
} from '../../../engine/storage/keys.js';
import { parseQuarantineKey, parseWindowKey } from '../../../engine/storage/window-key.js';

/** Whole names: what is too long is cut, and cannot be read back. */
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => Buffer.byteLength(text) < 60),
  fc.constantFrom('dbo', 'window', '2025', '01', '.', '..', 'a/b', '%41', '表', 'manifest.json', '~'),
);
const window = fc.constantFrom(
  '20250131',
  '202501',
  'lt20250101',
  'ge20250401',
  'null',
  'all',
  'k00000012',
  '20251399',
);
const location = fc.record({
  ...{ category: name, target: name, server: name, database: name, window },
  ...{ schema: name, table: name },
});

describe('a key read back', () => {
  it('names the window, the table and the attempt that it was made of', () => {
    fc.assert(
      fc.property(location, fc.uuid(), fc.nat(9), (place, attempt, part) => {
        const { schema, table, ...own } = place;
        for (const [hop, prefix, subject] of [
          ['raw', rawPrefix(place), `${place.target}/${schema}.${table}`],
          ['transformed', transformedPrefix(own), place.target],
        ] as const) {
          const found = { window: own, prefix, subject };
          expect(parseWindowKey(hop, partKey(prefix, attempt, part))).toEqual({ ...found, attempt });
          expect(parseWindowKey(hop, `${attemptPrefix(prefix, attempt)}_temporary/0/x`)).toEqual({
            ...found,
            attempt,
          });
          expect(parseWindowKey(hop, manifestKey(prefix))).toEqual(found);
        }
        expect(parseQuarantineKey(quarantineKey(own, attempt))).toMatchObject({
          window: own,
          subject: own.target,
        });
      }),
    );
  });

  it.each([
    'c/t/s/d/dbo/x/2025/01/31/part.parquet',
    'c/t/s/d/dbo/x/2025/13/31/attempt/part.parquet',
    'c/t/s/d/dbo/x/window/all',
    'c/t/s/d/dbo/x/notes.txt',
    'c/t/s/d/dbo',
    'c/t/s/d/dbo/a b/window/all/attempt/part.parquet',
    'c/t/s/d/dbo/x/window/all/manifest.json.bak',
    `c/t/s/d/dbo/${rawPrefix({ category: 'c', target: 't', server: 's', database: 'd', schema: 'dbo', table: 'x'.repeat(300), window: 'all' }).split('/')[5]}/window/all/manifest.json`,
    '',
  ])('is not taken for what it is not: %s', (key) => {
    expect(parseWindowKey('raw', key)).toBeUndefined();
  });
});
