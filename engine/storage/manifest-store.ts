import { z } from 'zod';
import { MigrationError } from '../errors.js';
import type { LogicalType } from '../rows/types.js';
import type { Bucket, ObjectVersion, ReadObject } from './bucket.js';
import { manifestKey, type ObjectKey } from './keys.js';
import type { Manifest } from './manifest.js';

const count = z.number().int().nonnegative();
const checksum = z.strictObject({ rows: count, sum: z.string().regex(/^[0-9a-f]{16}$/) });
const precision = z.literal([0, 1, 2, 3, 4, 5, 6, 7]);
const maxLength = z.number().int().positive().exactOptional();

const logicalType: z.ZodType<LogicalType> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal(['bool', 'date', 'uuid']) }),
  z.strictObject({ kind: z.literal('int'), bits: z.literal([8, 16, 32, 64]) }),
  z.strictObject({
    kind: z.literal('decimal'),
    precision: z.number().int().min(1).max(38),
    scale: z.number().int().min(0).max(38),
  }),
  z.strictObject({ kind: z.literal('float'), bits: z.literal([32, 64]) }),
  z.strictObject({ kind: z.literal(['time', 'timestamp', 'offsetTimestamp']), precision }),
  z.strictObject({ kind: z.literal('instant'), precision: z.literal([0, 1, 2, 3, 4, 5, 6]) }),
  z.strictObject({ kind: z.literal(['text', 'bytes']), maxLength }),
]);

const manifestSchema = z.strictObject({
  version: z.literal(1),
  fingerprint: z.string().min(1),
  attempt: z.string().min(1),
  columns: z.array(z.strictObject({ name: z.string(), type: logicalType, nullable: z.boolean() })).min(1),
  parts: z.array(z.strictObject({ key: z.string().min(1), rows: count, bytes: count })),
  rows: count,
  bytes: count,
  checksum,
  source: z.strictObject({ checksum, method: z.enum(['server', 'reader']) }).exactOptional(),
  replaced: z.array(z.strictObject({ column: z.string(), values: count })).exactOptional(),
});

/** A manifest, and the version at which it was read. */
export interface FoundManifest {
  readonly manifest: Manifest;
  readonly version: ObjectVersion;
  readonly lastModified: Date;
}

/** As `findManifest`, for those who only read. */
export async function readManifest(bucket: Bucket, prefix: ObjectKey): Promise<Manifest | undefined> {
  return (await findManifest(bucket, prefix))?.manifest;
}

/**
 * The manifest of the window under `prefix`, or undefined where none is published.
 * Throws STORAGE_IO, naming the key, for one that is damaged or contradicts itself.
 */
export async function findManifest(bucket: Bucket, prefix: ObjectKey): Promise<FoundManifest | undefined> {
  const key = manifestKey(prefix);
  const found = await bucket.get(key);
  return found && asManifest(found, `${key} in ${bucket.url}`);
}

/** What was read as a manifest. Throws STORAGE_IO, naming `where`, for one that is damaged or contradicts itself. */
export function asManifest({ body, version, lastModified }: ReadObject, where: string): FoundManifest {
  return { manifest: parseManifest(body, where), version, lastModified };
}

/** Puts `manifest` in the place of what was found there, or of nothing; false where somebody else was first. */
export async function replaceManifest(
  bucket: Bucket,
  prefix: ObjectKey,
  manifest: Manifest,
  found: FoundManifest | undefined,
): Promise<boolean> {
  return bucket.putIf(manifestKey(prefix), JSON.stringify(manifest), found?.version ?? null);
}

/**
 * Makes `manifest` the one that counts, by conditional puts only, and returns the one that does count after: a
 * late loser adopts the winner where fingerprints are equal, and a manifest of another fingerprint is replaced.
 * Throws STORAGE_CONFLICT when another fingerprint won the race meanwhile.
 */
export async function publishManifest(
  bucket: Bucket,
  prefix: ObjectKey,
  manifest: Manifest,
): Promise<Manifest> {
  const found = await findManifest(bucket, prefix);
  if (found?.manifest.fingerprint === manifest.fingerprint) return found.manifest;
  if (await replaceManifest(bucket, prefix, manifest, found)) return manifest;
  const winner = await readManifest(bucket, prefix);
  if (winner?.fingerprint === manifest.fingerprint) return winner;
  throw new MigrationError(
    'STORAGE_CONFLICT',
    `${manifestKey(prefix)} in ${bucket.url} was changed by another run with other settings while this one was working. ` +
      'Make sure that only one run of this category is active, then retry the chunk.',
  );
}

function parseManifest(body: string, where: string): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(body, where));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw broken(where, `${issue?.path.join('.')}: ${issue?.message}`, parsed.error);
  }
  const manifest: Manifest = parsed.data;
  const rows = manifest.parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows !== manifest.rows || manifest.checksum.rows !== manifest.rows) {
    throw broken(where, `its parts hold ${rows} rows, it says ${manifest.rows}`);
  }
  return manifest;
}

function parseJson(body: string, where: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw broken(where, 'no JSON', error);
  }
}

function broken(where: string, reason: string, cause?: unknown): MigrationError {
  return new MigrationError(
    'STORAGE_IO',
    `Manifest ${where} is damaged (${reason}). Restart this window: its data is exported again.`,
    { cause },
  );
}
