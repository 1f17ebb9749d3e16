import { checkTransform } from '../transform/check-transform.js';
import type { DuckDb } from '../transform/duckdb.js';
import type { TransformEngine, TransformRequest } from '../transform/engine.js';
import type { GlueJob } from './glue-jobs.js';
import { performJob } from './glue-jobs.js';
import {
  type JobOutput,
  type SparkTransform,
  scriptVersion,
  type TransformJobRequest,
  transformResultSchema,
} from './job-request.js';
import { sparkTransform } from './spark-transform.js';

/**
 * The transform as a job of Glue. `duckdb` only reads the SQL, against empty tables, so that both engines run what the
 * same parser has understood. The attempt of the request names nothing: each start has a name of its own.
 */
export function createGlueEngine(glueJob: GlueJob, duckdb: DuckDb): TransformEngine {
  return {
    async transform(request) {
      const { target, sources, output, signal } = request;
      const tables = sources.map(({ table, manifest }) => ({ table, columns: manifest.columns }));
      const lineage = await checkTransform(duckdb, target, tables, signal);
      const transform = sparkTransform(lineage, target.transform?.file ?? target.name);
      const { parts, rows, bytes, checksum, left, rights, unmatchedLeft, joinMismatches } = await performJob(
        glueJob,
        {
          bucket: output.bucket,
          prefix: output.prefix,
          request: (place) => requestOf(request, transform, place),
          result: transformResultSchema,
        },
      );
      return { parts, rows, bytes, checksum, left, rights, unmatchedLeft, joinMismatches };
    },
  };
}

function requestOf(
  { target, sources, partRows, joinKeys }: TransformRequest,
  transform: SparkTransform,
  output: JobOutput,
): TransformJobRequest {
  return {
    scriptVersion,
    kind: 'transform',
    output,
    partRows,
    sources: sources.map(({ table, manifest, bucket }) => ({
      table,
      bucket: bucket.url,
      parts: manifest.parts,
      columns: manifest.columns,
      checksum: manifest.checksum,
    })),
    columns: target.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
    transform,
    ...(joinKeys !== undefined && { joinKeys }),
  };
}
