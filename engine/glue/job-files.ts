import type { z } from 'zod';
import { type ErrorCode, errorCodes, MigrationError } from '../errors.js';
import type { Bucket } from '../storage/bucket.js';
import type { ObjectKey } from '../storage/keys.js';
import {
  type ExportJobRequest,
  failedResultSchema,
  requestName,
  resultName,
  scriptVersion,
  type TransformJobRequest,
} from './job-request.js';

/** `s3://bucket/…/request.json`; `folder` is an attempt's. */
export function requestAddress(bucket: Bucket, folder: ObjectKey): string {
  return `${bucket.url.replace(/\/$/, '')}/${folder}${requestName}`;
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
export async function readResult<Result>(
  bucket: Bucket,
  folder: ObjectKey,
  attempt: string,
  schema: z.ZodType<Result>,
): Promise<Result | undefined> {
  const key = `${folder}${resultName}`;
  const found = await bucket.get(key);
  if (found === undefined) return undefined;
  const body = parsed(found.body, `${key} in ${bucket.url}`);
  const failed = failedResultSchema.safeParse(body);
  if (failed.success) throw scriptError(failed.data.code, failed.data.message);
  const result = schema.safeParse(body);
  if (!result.success) throw malformed(`${key} in ${bucket.url}`, result.error.issues[0]?.path.join('.'));
  const made = body as { readonly scriptVersion?: unknown; readonly attempt?: unknown };
  if (made.scriptVersion !== scriptVersion || made.attempt !== attempt)
    throw malformed(`${key} in ${bucket.url}`, 'scriptVersion or attempt');
  return result.data;
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
