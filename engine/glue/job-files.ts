import type { z } from 'zod';
import { type ErrorCode, errorCodes, MigrationError } from '../errors.js';
import type { Bucket } from '../storage/bucket.js';
import type { ObjectKey } from '../storage/keys.js';
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
export type JobResult = Pick<
  ExportJobResult,
  'scriptVersion' | 'attempt' | 'parts' | 'rows' | 'bytes' | 'checksum'
>;

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
  bucket: Bucket,
  folder: ObjectKey,
  attempt: string,
  schema: z.ZodType<Result>,
): Promise<Result | undefined> {
  const key = `${folder}${resultName}`;
  const found = await bucket.get(key);
  if (found === undefined) return undefined;
  const what = `${key} in ${bucket.url}`;
  const body = parsed(found.body, what);
  const failed = failedResultSchema.safeParse(body);
  if (failed.success) throw scriptError(failed.data.code, failed.data.message);
  const result = schema.safeParse(body);
  if (!result.success) throw malformed(what, result.error.issues[0]?.path.join('.'));
  const wrong = inconsistency(result.data, folder, attempt);
  if (wrong !== undefined) throw malformed(what, wrong);
  return result.data;
}

/** The field that contradicts the others, or the request. */
function inconsistency(result: JobResult, folder: ObjectKey, attempt: string): string | undefined {
  const { parts, rows, bytes, checksum } = result;
  const total = (of: 'rows' | 'bytes') => parts.reduce((sum, part) => sum + part[of], 0);
  if (result.scriptVersion !== scriptVersion) return 'scriptVersion';
  if (result.attempt !== attempt) return 'attempt';
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
