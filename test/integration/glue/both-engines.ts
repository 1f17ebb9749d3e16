import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverErrors } from '../../../engine/glue/export-table.js';
import {
  type ExportJobRequest,
  type ExportJobResult,
  exportResultSchema,
  type FailedJobResult,
  failedResultSchema,
  type JobOutput,
  jobArguments,
  requestName,
  resultName,
  type SecretReference,
  scriptVersion,
  type TransformJobRequest,
  transformResultSchema,
} from '../../../engine/glue/job-request.js';
import { transformRequest } from '../../../engine/glue/transform-request.js';
import { hasServerForm } from '../../../engine/rows/checksum-tsql.js';
import type { SetChecksum } from '../../../engine/rows/types.js';
import { carriedColumns, carriedSelect } from '../../../engine/sqlserver/carried-select.js';
import { describeTable, type SourceTableInfo } from '../../../engine/sqlserver/catalog.js';
import { checksumTable } from '../../../engine/sqlserver/checksum.js';
import { openSession, type SourceSession } from '../../../engine/sqlserver/connection.js';
import type { SourcePredicate } from '../../../engine/sqlserver/predicate.js';
import { streamTable } from '../../../engine/sqlserver/stream-table.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { type ObjectKey, partKey } from '../../../engine/storage/keys.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { checkTransform } from '../../../engine/transform/check-transform.js';
import { createDuckDbEngine } from '../../../engine/transform/duckdb-engine.js';
import type {
  JoinKeys,
  TransformOutcome,
  TransformTarget,
  WholeWindow,
} from '../../../engine/transform/engine.js';
import { tablesOfWhole } from '../../../engine/transform/whole-tables.js';
import { ensureCertificates } from '../../../sandbox/services/certificates.js';
import type { DatabaseDefinition } from '../../../sandbox/sqlserver/engine/definition.js';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine.js';
import { startTdsServer } from '../../../sandbox/sqlserver/server.js';
import { type Spark, type SparkOnS3, startSpark } from '../../support/spark/spark.js';
import { type Fixture, openFixture, somePrefix } from '../transform/fixture.js';

const run = promisify(execFile);
const login = { user: 'migration_reader', password: 'not-a-secret-of-anyone' };
const { signal } = new AbortController();

/** Raw parts by the table's name, the left one first. */
export type Raw = Readonly<Record<string, Manifest>>;

/** A source, a bucket, and both engines over them. */
export interface BothEngines {
  readonly fixture: Fixture;
  readonly spark: Spark;
  /** Runs T-SQL that gives no rows. */
  execute(database: string, statements: readonly string[]): Promise<void>;
  /** A chunk's rows of one table by the embedded engine, and what the server's own checksum statement says. */
  embeddedExport(database: string, table: string, predicate: SourcePredicate): Promise<Manifest>;
  /** The same by export.py, with the request that `change` leaves. */
  sparkExport(
    database: string,
    table: string,
    predicate: SourcePredicate,
    change?: (request: ExportJobRequest) => ExportJobRequest,
  ): Promise<Manifest | FailedJobResult>;
  /** Raw parts through the target's SQL by the embedded engine. */
  embeddedTransform(target: TransformTarget, raw: Raw, joinKeys?: JoinKeys): Promise<TransformOutcome>;
  /** The same by transform.py. */
  sparkTransform(
    target: TransformTarget,
    raw: Raw,
    joinKeys?: JoinKeys,
  ): Promise<TransformOutcome | FailedJobResult>;
  /** Raw parts of many windows at once by the embedded engine. */
  embeddedWhole(
    target: TransformTarget,
    windows: readonly Raw[],
    joinKeys?: JoinKeys,
  ): Promise<readonly TransformOutcome[]>;
  /** The same by transform.py. */
  sparkWhole(
    target: TransformTarget,
    windows: readonly Raw[],
    joinKeys?: JoinKeys,
  ): Promise<readonly TransformOutcome[] | FailedJobResult>;
  close(): Promise<void>;
}

/** A bucket other than the fixture's, on an S3 server, and the name of the secret there. */
export interface OnS3 extends SparkOnS3 {
  readonly bucket: Bucket;
  /** Takes the secret's text, returns its id. */
  keepSecret(text: string): Promise<string>;
}

export async function startBothEngines(
  databases: readonly DatabaseDefinition[],
  s3?: OnS3,
): Promise<BothEngines> {
  const directory = await mkdtemp(join(tmpdir(), 'glue-'));
  const tls = await ensureCertificates(join(directory, 'tls'));
  const trustStore = join(directory, 'authorities.p12');
  const secretFile = join(directory, 'secret.json');
  const secretText = JSON.stringify({ username: login.user, password: login.password, host: '*' });
  await writeFile(secretFile, secretText);
  const secret: SecretReference =
    s3 === undefined
      ? { kind: 'file', path: secretFile }
      : { kind: 'secretsManager', id: await s3.keepSecret(secretText) };
  const [spark, fixture, engine] = await Promise.all([
    startSpark(join(directory, 'spark'), s3),
    openFixture(),
    createEngine({ name: 'server01', logins: [login], databases }),
    run('keytool', [
      ...['-importcert', '-noprompt', '-storetype', 'PKCS12', '-alias', 'ca', '-storepass', 'changeit'],
      ...['-file', tls.caFile, '-keystore', trustStore],
    ]),
  ]);
  const [ca, key, cert] = await Promise.all(
    [tls.caFile, tls.keyFile, tls.certFile].map((file) => readFile(file, 'utf8')),
  );
  const server = await startTdsServer({
    engine,
    host: '127.0.0.1',
    port: 0,
    tls: { key: String(key), cert: String(cert) },
    serverName: 'server01',
  });
  const { duckdb } = fixture;
  const bucket = s3?.bucket ?? fixture.bucket;

  const session = (database: string): Promise<SourceSession> =>
    openSession({
      ...{ alias: 'server01', host: 'localhost', port: server.port, database, ...login },
      ...{ ca: String(ca), applicationName: 'migrate/differential' },
    });

  /** Writes a request, runs its script, and reads its result. */
  const job = async (request: ExportJobRequest | TransformJobRequest): Promise<unknown> => {
    const { prefix, attempt } = request.output;
    const at = (name: string) => partKey(prefix as ObjectKey, attempt, 0).replace(/part-\d+\.parquet$/, name);
    await bucket.put(at(requestName), JSON.stringify(request));
    const status = await spark.run(`${request.kind}.py`, [
      jobArguments.request,
      `${bucket.url}/${at(requestName)}`,
      jobArguments.attempt,
      attempt,
    ]);
    const result = await bucket.get(at(resultName));
    if (result === undefined) throw new Error(`No result; status ${status}: ${spark.log().slice(-3_000)}`);
    const value = JSON.parse(result.body) as { readonly state: string };
    expect(status).toBe(value.state === 'done' ? 0 : 1);
    return value;
  };
  const output = (): JobOutput => ({ bucket: `${bucket.url}/`, prefix: somePrefix(), attempt: randomUUID() });

  const embedded = createDuckDbEngine({ duckdb, scratchDirectory: join(directory, 'scratch') });
  const wholeOf = (target: TransformTarget, raws: readonly Raw[], joinKeys?: JoinKeys) => {
    const windowOf = (raw: Raw): WholeWindow => ({
      sources: Object.entries(raw).map(([table, manifest]) => ({ table, manifest, bucket })),
      prefix: somePrefix(),
    });
    const [first = {}, ...others] = raws;
    return {
      target,
      windows: [windowOf(first), ...others.map(windowOf)] as const,
      output: { bucket, attempt: randomUUID() },
      partRows: 100_000,
      ...(joinKeys && { joinKeys }),
      signal,
    };
  };
  const sparkWhole: BothEngines['sparkWhole'] = async (target, raws, joinKeys) => {
    const whole = wholeOf(target, raws, joinKeys);
    const lineage = await checkTransform(duckdb, target, tablesOfWhole(whole.windows), signal);
    const place = { bucket: bucket.url, prefix: whole.windows[0].prefix, attempt: whole.output.attempt };
    const result = await job({ ...transformRequest(whole, lineage), output: place });
    const failed = failedResultSchema.safeParse(result);
    return failed.success ? failed.data : transformResultSchema(raws.length).parse(result).windows;
  };

  return {
    fixture,
    spark,
    execute: async (database, statements) => {
      const writer = await engine.login({ ...login, database, applicationName: 'fill', hostName: 'test' });
      for (const statement of statements) for await (const _ of writer.execute(statement, [], signal));
      await writer.close();
    },
    embeddedExport: async (database, name, predicate) => {
      const source = await session(database);
      try {
        const table = await describeTable(source, 'dbo', name);
        return await source.inSnapshot('snapshot', async (reader) => {
          const attempt = randomUUID();
          const writer = fixture.open(table.columns, { attempt, bucket });
          await streamTable(reader, table, predicate, signal, (batch) => writer.write(batch));
          const written = await writer.finish();
          const stated = table.columns.every(hasServerForm)
            ? ({
                checksum: await checksumTable(reader, table, table.columns, predicate),
                method: 'server',
              } as const)
            : ({ checksum: written.checksum, method: 'reader' } as const);
          return { version: 1, fingerprint: 'f', attempt, columns: plain(table), ...written, source: stated };
        });
      } finally {
        await source.close();
      }
    },
    sparkExport: async (database, name, predicate, change = (request) => request) => {
      const source = await session(database);
      const table = await describeTable(source, 'dbo', name).finally(() => source.close());
      const serverHash = table.columns.every(hasServerForm);
      const request: ExportJobRequest = change({
        kind: 'export',
        scriptVersion,
        output: output(),
        partRows: 100_000,
        subject: `dbo.${name}`,
        server: {
          ...{ host: 'localhost', port: server.port, database, readOnlyIntent: false },
          applicationName: 'migrate/differential',
          tls: { trustStore: { path: trustStore, password: 'changeit' } },
          secret,
        },
        columns: carriedColumns(table.columns),
        sessionSql: 'SET TRANSACTION ISOLATION LEVEL SNAPSHOT',
        statements: [carriedSelect(table, table.columns, predicate, serverHash)],
        serverHash,
        serverErrors,
      });
      const result = await job(request);
      const failed = failedResultSchema.safeParse(result);
      if (failed.success) return failed.data;
      return manifestOf(exportResultSchema.parse(result), plain(table));
    },
    embeddedTransform: (target, raw, joinKeys) => {
      const { windows, ...request } = wholeOf(target, [raw], joinKeys);
      const [{ sources, prefix }] = windows;
      return embedded.transform({ ...request, sources, output: { ...request.output, prefix } });
    },
    sparkTransform: async (target, raw, joinKeys) => {
      const made = await sparkWhole(target, [raw], joinKeys);
      return 'code' in made ? made : (made[0] as TransformOutcome);
    },
    embeddedWhole: (target, raws, joinKeys) => embedded.transformWhole(wholeOf(target, raws, joinKeys)),
    sparkWhole,
    close: async () => {
      await Promise.all([spark.stop(), server.close(), fixture.close()]);
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function plain({ columns }: SourceTableInfo): Manifest['columns'] {
  return columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
}

function manifestOf(result: ExportJobResult, columns: Manifest['columns']): Manifest {
  const { attempt, parts, rows, bytes, checksum, source } = result;
  return { version: 1, fingerprint: 'f', attempt, columns, parts, rows, bytes, checksum, source };
}

/** The manifest, or the failure as an error. */
export function made(manifest: Manifest | FailedJobResult): Manifest {
  if ('state' in manifest) throw new Error(`${manifest.code}: ${manifest.message}`);
  return manifest;
}

/** What source and raw say, without where and by whom. */
export function said(manifest: Manifest | FailedJobResult): readonly (SetChecksum | undefined)[] {
  const { source, checksum } = made(manifest);
  return [source?.checksum, checksum];
}
