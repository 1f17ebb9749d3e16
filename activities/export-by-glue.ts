import { glueSecret } from '../config/glue-secret.js';
import { MigrationError } from '../engine/errors.js';
import { exportTableByGlue } from '../engine/glue/export-table.js';
import { exportJobName } from '../engine/glue/job-names.js';
import type { ExportJobResult, JobServer } from '../engine/glue/job-request.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { requireEqual } from '../engine/validation/hops.js';
import type { Dependencies } from './dependencies.js';
import { glueJob, holdPlace } from './glue-job.js';
import { type ChunkContext, placeOf, type RawSource } from './run-context.js';
import { predicateOf } from './source-rows.js';
import type { Step } from './step.js';

/**
 * Has jobs of Glue read a chunk's source tables, one after another, so that a chunk is one session here too. Each reads
 * in a transaction of its own. All attempts of the step share what its runs have made.
 */
export async function exportByGlue(
  deps: Dependencies,
  context: ChunkContext,
  step: Step,
): Promise<readonly Manifest[]> {
  const written: Manifest[] = [];
  for (const [index, source] of context.sources.entries()) {
    const result = await exportSource(deps, context, source, step, `t${index}`);
    requireEqual('raw', result.source.checksum, result.checksum, `${placeOf(context)}, ${source.subject}`);
    written.push(manifestOf(source, result, step.identity.key));
  }
  return written;
}

function exportSource(
  deps: Dependencies,
  context: ChunkContext,
  source: RawSource,
  step: Step,
  part: string,
): Promise<ExportJobResult> {
  const { config } = context;
  const job = exportJobName(config.glue, config.category, source.table);
  return exportTableByGlue(
    glueJob(deps, config, step, {
      job,
      part,
      work: { chunk: placeOf(context) },
      hold: holdPlace(deps, context, step),
    }),
    {
      table: source,
      subject: source.subject,
      predicate: predicateOf(context, source),
      consistency: config.consistency,
      serverHash: config.sourceChecksum === 'server' && source.serverHash,
      server: serverOf(deps, context),
      partRows: config.storage.partRows,
      bucket: deps.buckets.raw,
      prefix: source.prefix,
    },
  );
}

function serverOf({ environment }: Dependencies, { config, chunk }: ChunkContext): JobServer {
  const source = config.databases.find(
    ({ server, database }) => server === chunk.server && database === chunk.database,
  );
  if (source === undefined)
    throw new MigrationError('INTERNAL', `The run has no database ${chunk.server}/${chunk.database}.`);
  const { trustStore } = config.glue;
  return {
    host: source.host,
    port: source.port,
    database: source.database,
    applicationName: `migrate/${config.category}`,
    readOnlyIntent: false,
    tls: { ...(trustStore !== undefined && { trustStore }) },
    secret: { kind: 'secretsManager', id: glueSecret(environment.source, config.glue, chunk.server) },
  };
}

function manifestOf(source: RawSource, result: ExportJobResult, attempt: string): Manifest {
  const { parts, rows, bytes, checksum, source: stated } = result;
  return {
    version: 1,
    fingerprint: source.fingerprint,
    attempt,
    columns: source.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
    parts,
    rows,
    bytes,
    checksum,
    source: stated,
  };
}
