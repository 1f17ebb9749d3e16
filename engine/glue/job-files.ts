import type { z } from 'zod';
import { type ErrorCode, errorCodes, MigrationError } from '../errors.js';
import type { Bucket } from '../storage/bucket.js';
import { attemptPrefix, type ObjectKey } from '../storage/keys.js';
import type { WrittenParts } from '../transform/part-writer.js';
import {
  type ExportJobRequest,
  type ExportJobResult,
  failedResultSchema,
  requestName,
  resultName,
  scriptVersion,
  type TransformJobRequest,
} from './job-request.js';

/** What every script leaves. */
export type JobResult = Pick<ExportJobResult, 'scriptVersion' | 'attempt'>;

/** What was written under a window's prefix. */
interface PlacedParts extends WrittenParts {
  readonly prefix: ObjectKey;
}

/** Where an attempt leaves its result, and how it is read. */
export interface ResultPlace<Result extends JobResult> {
  readonly bucket: Bucket;
  readonly prefix: ObjectKey;
  readonly result: z.ZodType<Result>;
  /** What a result says that was written. */
  readonly written: (result: Result) => readonly PlacedParts[];
}

/** `s3://bucket/…/request.json`; `folder` is an attempt's. */
export function requestAddress(bucket: Bucket, folder: ObjectKey): string {
  return `${bucket.url}/${folder}${requestName}`;
}

/** Leaves a request for a script. Throws the bucket's errors. */
export async function writeRequest(
  bucket: Bucket,
  folder: ObjectKey,
  request: ExportJobRequest | TransformJobRequest,
): Promise<void> {
  await bucket.put(`${folder}${requestName}`, JSON.stringify(request));
}

/**
 * What a script has left; undefined where there is nothing.
 * @throws MigrationError with the script's own code and message where it gave up; GLUE_JOB for another version's or a
 * malformed result; the bucket's errors
 */
export async function readResult<Result extends JobResult>(
  { bucket, prefix, result: schema, written }: ResultPlace<Result>,
  attempt: string,
): Promise<Result | undefined> {
  const key = `${attemptPrefix(prefix, attempt)}${resultName}`;
  const found = await bucket.get(key);
  if (found === undefined) return undefined;
  const what = `${key} in ${bucket.url}`;
  const body = parsed(found.body, what);
  const failed = failedResultSchema.safeParse(body);
  if (failed.success) throw scriptError(failed.data.code, failed.data.message);
  const result = schema.safeParse(body);
  if (!result.success) throw malformed(what, result.error.issues[0]?.path.join('.'));
  const wrong = inconsistency(result.data, attempt, written(result.data));
  if (wrong !== undefined) throw malformed(what, wrong);
  return result.data;
}

/** The field that contradicts the others, or the request. */
function inconsistency(
  result: JobResult,
  attempt: string,
  written: readonly PlacedParts[],
): string | undefined {
  if (result.scriptVersion !== scriptVersion) return 'scriptVersion';
  if (result.attempt !== attempt) return 'attempt';
  return written.map((window) => contradiction(window, attempt)).find((field) => field !== undefined);
}

function contradiction(
  { prefix, parts, rows, bytes, checksum }: PlacedParts,
  attempt: string,
): string | undefined {
  const folder = attemptPrefix(prefix, attempt);
  const total = (of: 'rows' | 'bytes') => parts.reduce((sum, part) => sum + part[of], 0);
  if (!parts.every(({ key }) => key.startsWith(folder))) return 'parts';
  if (total('rows') !== rows || checksum.rows !== rows) return 'rows';
  return total('bytes') === bytes ? undefined : 'bytes';
}

/** A result is small and has no values of rows, but a broken one may be anything: it is not quoted. */
function parsed(body: string, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw malformed(what, 'the whole object');
  }
}

function malformed(what: string, field = 'the whole object'): MigrationError {
  return new MigrationError(
    'GLUE_JOB',
    `${what} is no result of version ${scriptVersion} of the scripts: wrong in ${field}. Deploy deploy/glue of this release.`,
  );
}

function scriptError(code: string, message: string): MigrationError {
  if (Object.hasOwn(errorCodes, code)) return new MigrationError(code as ErrorCode, message);
  return new MigrationError('GLUE_RUN', `${code}: ${message}`);
}
