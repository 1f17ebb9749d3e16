import { glueSecret } from '../config/glue-secret.js';
import type { RunConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { exportJobName, transformJobName } from '../engine/glue/job-names.js';
import { requireJob } from '../engine/glue/require-job.js';
import { sparkTransform } from '../engine/glue/spark-transform.js';
import { carriedColumns } from '../engine/sqlserver/carried-select.js';
import type { SourceTableInfo } from '../engine/sqlserver/catalog.js';
import type { Bucket } from '../engine/storage/bucket.js';
import type { Lineage } from '../engine/transform/lineage.js';
import type { Dependencies } from './dependencies.js';

/**
 * Proves, where a category chose Glue, that its jobs are there and can reach what they need.
 * @throws MigrationError CONFIG_INVALID, GLUE_JOB, GLUE_ACCESS, GLUE_UNAVAILABLE
 */
export async function checkGlue(
  { environment, buckets, glue }: Pick<Dependencies, 'environment' | 'buckets' | 'glue'>,
  config: RunConfig,
): Promise<void> {
  const { engine } = config;
  if (engine.export === 'embedded' && engine.transform === 'embedded') return;
  requireS3('RAW_BUCKET', buckets.raw);
  if (engine.transform === 'glue') requireS3('TRANSFORMED_BUCKET', buckets.transformed);
  if (engine.export === 'glue') {
    requireTrustStore(environment.source.caFile, config.glue.trustStore);
    for (const server of new Set(config.databases.map((source) => source.server)))
      glueSecret(environment.source, config.glue, server);
  }
  for (const job of jobsOf(config)) await requireJob(glue.api, job);
}

/** Those that the category's targets need, each once. */
function jobsOf({ category, engine, glue, targets }: RunConfig): ReadonlySet<string> {
  const jobs = new Set<string>();
  if (engine.export === 'glue')
    for (const { table } of targets.flatMap(({ sources }) => sources))
      jobs.add(exportJobName(glue, category, table));
  if (engine.transform === 'glue' && targets.some(({ transform }) => transform !== undefined))
    jobs.add(transformJobName(glue, category));
  return jobs;
}

function requireS3(variable: string, { url }: Bucket): void {
  if (url.startsWith('s3://')) return;
  throw new MigrationError(
    'CONFIG_INVALID',
    `Environment: ${variable} is '${url}', which jobs of Glue cannot reach; allowed with "engine" "glue": s3://bucket/prefix.`,
  );
}

/** An authority that the workers have to be told of is none that Java trusts by itself. */
function requireTrustStore(caFile: string | undefined, trustStore: RunConfig['glue']['trustStore']): void {
  if (caFile === undefined || trustStore !== undefined) return;
  throw new MigrationError(
    'CONFIG_INVALID',
    `Environment: MSSQL_CA_FILE is '${caFile}', which jobs of Glue cannot read. Give them the same authority in a PKCS#12 file, and name that in "glue.trustStore" of the category file.`,
  );
}

/** Throws SOURCE_TYPE and TRANSFORM_INVALID for what the embedded engine does and a job cannot. */
export function checkForGlue(
  { export: exports, transform }: RunConfig['engine'],
  tables: readonly SourceTableInfo[],
  understood: { readonly lineage: Lineage; readonly file: string } | undefined,
): void {
  if (exports === 'glue') for (const { columns } of tables) carriedColumns(columns);
  if (transform === 'glue' && understood !== undefined) sparkTransform(understood.lineage, understood.file);
}
