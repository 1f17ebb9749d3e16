import { checkTransform } from '../transform/check-transform.js';
import type { DuckDb } from '../transform/duckdb.js';
import type {
  TransformEngine,
  TransformOutcome,
  WholeRequest,
  WholeTransformEngine,
  WholeWindow,
} from '../transform/engine.js';
import { tablesOfWhole } from '../transform/whole-tables.js';
import { type GlueJob, performJob } from './glue-jobs.js';
import { transformResultSchema } from './job-request.js';
import { transformRequest } from './transform-request.js';

/**
 * The transform as a job of Glue, for a chunk as for a whole. `duckdb` only reads the SQL, against empty tables, so that
 * both engines run what the same parser has understood. The attempt of the request names nothing: each start has a name of
 * its own.
 */
export function createGlueEngine(glueJob: GlueJob, duckdb: DuckDb): TransformEngine & WholeTransformEngine {
  return {
    async transform({ sources, output: { bucket, prefix, attempt }, ...request }) {
      const windows = [{ sources, prefix }];
      const outcomes = await transformAll(glueJob, duckdb, {
        ...request,
        windows,
        output: { bucket, attempt },
      });
      return outcomes[0] as TransformOutcome;
    },
    transformWhole: (request) => transformAll(glueJob, duckdb, request),
  };
}

async function transformAll(
  glueJob: GlueJob,
  duckdb: DuckDb,
  whole: WholeRequest,
): Promise<readonly TransformOutcome[]> {
  const { target, windows, output, signal } = whole;
  const [first] = windows;
  if (first === undefined) return [];
  const lineage = await checkTransform(duckdb, target, tablesOfWhole(windows), signal);
  const request = transformRequest(whole, lineage);
  const result = await performJob(glueJob, {
    bucket: output.bucket,
    prefix: first.prefix,
    request: (place) => ({ ...request, output: place }),
    result: transformResultSchema(windows.length),
    written: (made) =>
      made.windows.map((window, index) => ({ ...window, prefix: (windows[index] as WholeWindow).prefix })),
  });
  return result.windows;
}
