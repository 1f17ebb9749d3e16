import fc from 'fast-check';
import {
  manifestKey,
  type ObjectKey,
  partKey,
  quarantineKey,
  rawPrefix,
} from '../../../../engine/storage/keys.js';
import type { Manifest } from '../../../../engine/storage/manifest.js';
import type { MemoryBucket } from '../../../support/memory-bucket.js';

/** A window as a test makes it up: attempts, which of them its manifest counts, and what the control tables say. */
export interface MadeWindow {
  readonly label: string;
  readonly state: 'DONE' | 'SPLIT' | 'PENDING' | 'NEEDS_ATTENTION' | 'SKIPPED' | 'unknown';
  /** Of each attempt: hours of age of its parts. */
  readonly attempts: readonly (readonly number[])[];
  /** Index of the attempt that counts, and the manifest's age; no manifest where there is none such. */
  readonly counted: number;
  readonly manifestHours: number;
  readonly damaged: boolean;
  /** Ages of quarantine files; the ledger names the first where `named`. */
  readonly quarantine: readonly number[];
  readonly named: boolean;
}

const hours = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(47, 48, 49, 167, 168, 169));

export const anyWindows: fc.Arbitrary<readonly MadeWindow[]> = fc.uniqueArray(
  fc.record({
    label: fc.constantFrom('20250101', '20250102', '202501', 'lt20250101', 'null', 'k00000001'),
    state: fc.constantFrom('DONE', 'DONE', 'SPLIT', 'PENDING', 'NEEDS_ATTENTION', 'SKIPPED', 'unknown'),
    attempts: fc.array(fc.array(hours, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
    counted: fc.integer({ min: -1, max: 2 }),
    manifestHours: hours,
    damaged: fc.oneof(
      { weight: 9, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    quarantine: fc.array(hours, { maxLength: 2 }),
    named: fc.boolean(),
  }),
  { selector: ({ label }) => label, maxLength: 4 },
);

export const place = { category: 'cat', target: 'tar', server: 's1', database: 'Db' };
export const hourMs = 3_600_000;

export function prefixOf({ label }: Pick<MadeWindow, 'label'>): ObjectKey {
  return rawPrefix({ ...place, schema: 'dbo', table: 'tab', window: label });
}

export function quarantineKeysOf({ label, quarantine }: MadeWindow): readonly string[] {
  return quarantine.map((_, index) => quarantineKey({ ...place, window: label }, `q${index}`));
}

/** Fills a raw and a stats bucket with what the windows say. */
export function fill(
  windows: readonly MadeWindow[],
  at: number,
  raw: MemoryBucket,
  stats: MemoryBucket,
): void {
  for (const made of windows) {
    const prefix = prefixOf(made);
    const keys = made.attempts.map((ages, attempt) =>
      ages.map((_, part) => partKey(prefix, `a${attempt}`, part)),
    );
    for (const [attempt, ages] of made.attempts.entries())
      for (const [part, age] of ages.entries())
        raw.age(keys[attempt]?.[part] ?? '', 'part', at - age * hourMs);
    const counted = keys[made.counted];
    const body = made.damaged ? '{' : JSON.stringify(manifestOf(`a${made.counted}`, counted ?? []));
    if (counted !== undefined) raw.age(manifestKey(prefix), body, at - made.manifestHours * hourMs);
    for (const [index, key] of quarantineKeysOf(made).entries())
      stats.age(key, 'rows', at - (made.quarantine[index] ?? 0) * hourMs);
  }
}

function manifestOf(attempt: string, keys: readonly string[]): Manifest {
  return {
    version: 1,
    fingerprint: 'f',
    attempt,
    columns: [{ name: 'c', type: { kind: 'bool' }, nullable: true }],
    parts: keys.map((key) => ({ key, rows: 1, bytes: 4 })),
    rows: keys.length,
    bytes: 4 * keys.length,
    checksum: { rows: keys.length, sum: '0000000000000001' },
  };
}
