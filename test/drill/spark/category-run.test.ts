import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDriverLog } from '../../../engine/glue/driver-log.js';
import { createGlueApi } from '../../../engine/glue/glue-api.js';
import { joinCategory, joinTables, serverOf } from '../../integration/estate/small-category.js';
import { rowsOf, type Steering, steeredRun } from '../../integration/estate/steered-run.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { namedOnS3, startGlueBySpark } from '../../support/glue-by-spark.js';
import type { GlueServer } from '../../support/glue-server.js';
import { type Spark, startSpark } from '../../support/spark/spark.js';

const left = [
  `('a', '2025-01-01 08:00:00.123', 'Zürich ≠ ''quoted''', 1.5, 7)`,
  `('b', '2025-01-01 09:00', NULL, -0.001, NULL)`,
  `('no right', '2025-01-01 10:00', '', 99999999.999, 0)`,
];
const right = [`('a', '2025-01-01 08:00:00.123', 11)`, `('b', '2025-01-01 09:00', NULL)`];
const oneDay = "taken_at >= '2025-01-01' AND taken_at < '2025-01-02'";
const jobs = ['glued_left_ExportMssqlToRaw', 'glued_right_ExportMssqlToRaw', 'glued_rawToTransformed'];
const times = { poll: { first: 50, longest: 500 }, room: { first: 50, longest: 500 }, stopMs: 5_000 };

let estate: Estate;
let spark: Spark;
let glue: GlueServer;

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  });
  estate = await startEstate({
    servers: { server01: serverOf('server01', joinTables('glued', left, right)) },
  });
  joinCategory(estate, 'glued', {
    databases: { server01: ['One'] },
    consistency: 'quiesced',
    leftFilter: oneDay,
    rightFilter: oneDay,
  });
  spark = await startSpark(join(estate.directory, 'spark'));
  const secretFile = join(estate.directory, 'secret.json');
  writeFileSync(secretFile, estate.environment.SOURCE_SECRET ?? '');
  const trustStore = { path: join(estate.directory, 'authorities.p12'), password: 'changeit' };
  await promisify(execFile)('keytool', [
    ...[
      '-importcert',
      '-noprompt',
      '-storetype',
      'PKCS12',
      '-alias',
      'ca',
      '-storepass',
      trustStore.password,
    ],
    ...['-file', estate.environment.MSSQL_CA_FILE ?? '', '-keystore', trustStore.path],
  ]);
  const buckets = Object.fromEntries(
    ['raw', 'transformed'].map((name) => [name, join(estate.directory, 'buckets', name)]),
  );
  glue = await startGlueBySpark({ spark, buckets, secretFile, trustStore }, jobs);
}, 300_000);
afterAll(async () => {
  await Promise.all([spark?.stop(), glue?.close()]);
  await estate?.stop();
});

const onGlue: Steering = {
  dependencies: (own) => ({
    ...own,
    glue: { api: createGlueApi(glue.endpoint), readLog: createDriverLog(glue.endpoint), times },
    buckets: {
      ...own.buckets,
      raw: namedOnS3(own.buckets.raw, 'raw'),
      transformed: namedOnS3(own.buckets.transformed, 'transformed'),
    },
  }),
};

function choose(engine: unknown): void {
  estate.configure('config/categories/glued.json', (json) => ({
    ...json,
    engine,
    glue: {
      secretId: 'migration/source',
      timeoutMinutes: 30,
      trustStore: { path: join(estate.directory, 'authorities.p12'), password: 'changeit' },
    },
  }));
}

/** Of the latest run. */
async function checksums(): Promise<readonly { readonly hop: string; readonly method: string }[]> {
  const { rows } = await estate.postgres.query(
    `SELECT hop, subject, rows::int AS rows, sum, method FROM migration_control.checksum
      WHERE run_id = (SELECT run_id FROM migration_control.run ORDER BY started_at DESC LIMIT 1)
      ORDER BY hop, subject`,
  );
  return rows;
}

const withoutMethod = (rows: readonly { readonly method: string }[]) =>
  rows.map(({ method: _, ...rest }) => rest);
/** Each engine hashes the columns of a transform's sources in its own way. */
const comparable = (rows: Awaited<ReturnType<typeof checksums>>) =>
  withoutMethod(rows.filter(({ hop }) => hop !== 'transformed'));

it('a category brings the same rows and checksums by jobs of Glue as by its own engine', async () => {
  const run = (jobMode?: string) =>
    steeredRun(estate, { category: 'glued', ...(jobMode !== undefined && { jobMode }) }, onGlue);

  choose('embedded');
  await expect(run()).resolves.toMatchObject({ summary: { chunksDone: 1, rows: 3 } });
  const embedded = { checksums: await checksums(), rows: await rowsOf(estate, 'mart.glued') };
  expect(glue.runs).toHaveLength(0);

  choose('glue');
  await expect(run('restart')).resolves.toMatchObject({ summary: { chunksDone: 1, rows: 3 } });
  expect(glue.runs.map(({ job, states }) => [job, states.at(-1)])).toEqual(
    jobs.map((job) => [job, 'SUCCEEDED']),
  );
  expect(await rowsOf(estate, 'mart.glued')).toEqual(embedded.rows);
  const bySpark = await checksums();
  expect(comparable(bySpark)).toEqual(comparable(embedded.checksums));
  expect(bySpark.filter(({ hop }) => hop === 'source').map(({ method }) => method)).toEqual([
    'server',
    'server',
  ]);
  expect(bySpark.find(({ hop }) => hop === 'transformed')?.method).toBe('spark');

  choose({ export: 'embedded', transform: 'glue' });
  await expect(run()).resolves.toMatchObject({ summary: { chunksDone: 1, rows: 3 } });
  expect(glue.runs).toHaveLength(3);
}, 300_000);
