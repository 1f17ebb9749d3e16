import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExportJobRequest, TransformJobRequest } from '../../engine/glue/job-request.js';
import { jobArguments, scriptVersion } from '../../engine/glue/job-request.js';
import type { Bucket } from '../../engine/storage/bucket.js';
import { type GlueServer, type StandInRun, startGlueServer } from './glue-server.js';
import type { Spark } from './spark/spark.js';

/** What a machine of Glue has and the test's has elsewhere. */
export interface GlueMachine {
  readonly spark: Spark;
  /** Directories that hold what the product believes is in buckets, by name. */
  readonly buckets: Readonly<Record<string, string>>;
  readonly secretFile: string;
  readonly trustStore: { readonly path: string; readonly password: string };
}

/** A directory's bucket under the name that it would have on S3. */
export function namedOnS3(bucket: Bucket, name: string): Bucket {
  return new Proxy(bucket, {
    get(target, property) {
      if (property === 'url') return `s3://${name}`;
      const member: unknown = Reflect.get(target, property, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Glue whose runs are runs of the product's own scripts, one after another, on a local Spark. */
export async function startGlueBySpark(machine: GlueMachine, jobs: readonly string[]): Promise<GlueServer> {
  const glue = await startGlueServer();
  for (const job of jobs)
    glue.jobs.set(job, { defaultArguments: { [jobArguments.version]: scriptVersion }, maxRetries: 0 });
  let turn = Promise.resolve();
  glue.onStart = (run) => {
    run.states = ['STARTING'];
    turn = turn.then(() => runScript(machine, run));
  };
  return glue;
}

async function runScript(machine: GlueMachine, run: StandInRun): Promise<void> {
  const address = local(machine, run.arguments[jobArguments.request] ?? '');
  const file = fileURLToPath(address);
  const request = JSON.parse(readFileSync(file, 'utf8')) as ExportJobRequest | TransformJobRequest;
  writeFileSync(file, local(machine, JSON.stringify(onThisMachine(machine, request))));
  run.states = ['RUNNING'];
  const attempt = run.arguments[jobArguments.attempt] ?? '';
  const status = await machine.spark
    .run(`${request.kind}.py`, [jobArguments.request, address, jobArguments.attempt, attempt])
    .catch(() => 1);
  run.states = [status === 0 ? 'SUCCEEDED' : 'FAILED'];
}

function onThisMachine(
  { secretFile, trustStore }: GlueMachine,
  request: ExportJobRequest | TransformJobRequest,
): ExportJobRequest | TransformJobRequest {
  if (request.kind === 'transform') return request;
  const secret = { kind: 'file' as const, path: secretFile };
  return { ...request, server: { ...request.server, secret, tls: { trustStore } } };
}

/** A text in which buckets are where they are. */
function local({ buckets }: GlueMachine, text: string): string {
  return Object.entries(buckets).reduce(
    (rest, [name, directory]) => rest.replaceAll(`s3://${name}`, pathToFileURL(join(directory)).href),
    text,
  );
}
