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
/** Matches lie in other days than their left rows. */
const wideLeft = [
  `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
  `('b', '2025-01-01 09:00', NULL, NULL, NULL)`,
  `('c', '2025-01-03 08:00', 'third', 3.5, 3)`,
];
const wideRight = [`('a', '2025-01-02 07:00', 11)`, `('c', '2025-01-01 07:30', 13)`];
const oneDay = "taken_at >= '2025-01-01' AND taken_at < '2025-01-02'";
const jobs = ['glued_left_ExportMssqlToRaw', 'glued_right_ExportMssqlToRaw', 'glued_rawToTransformed'];
const wideJob = 'wide_rawToTransformed';
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
    servers: {
      server01: serverOf('server01', [
        ...joinTables('glued', left, right),
        ...joinTables('wide', wideLeft, wideRight),
      ]),
    },
  });
  joinCategory(estate, 'glued', {
    databases: { server01: ['One'] },
    consistency: 'quiesced',
    leftFilter: oneDay,
    rightFilter: oneDay,
  });
  joinCategory(estate, 'wide', {
    databases: { server01: ['One'] },
    consistency: 'quiesced',
    scope: 'category',
    sameTime: false,
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
  glue = await startGlueBySpark({ spark, buckets, secretFile, trustStore }, [...jobs, wideJob]);
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

function choose(engine: unknown, category = 'glued'): void {
  estate.configure(`config/categories/${category}.json`, (json) => ({
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
      ORDER BY hop, subject, rows, sum`,
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

it('a category whose windows are joined at once is done by one job, with the same rows and checksums', async () => {
  const before = glue.runs.length;
  const run = (jobMode?: string) =>
    steeredRun(estate, { category: 'wide', ...(jobMode !== undefined && { jobMode }) }, onGlue);

  choose('embedded', 'wide');
  await expect(run()).resolves.toMatchObject({ summary: { chunksDone: 3, rows: 3 } });
  const embedded = { checksums: await checksums(), rows: await rowsOf(estate, 'mart.wide') };
  expect(embedded.rows?.filter((row) => row.endsWith('null,null]'))).toHaveLength(1);

  choose({ export: 'embedded', transform: 'glue' }, 'wide');
  await expect(run('restart')).resolves.toMatchObject({ summary: { chunksDone: 3, rows: 3 } });
  expect(glue.runs.slice(before).map(({ job, states }) => [job, states.at(-1)])).toEqual([
    [wideJob, 'SUCCEEDED'],
  ]);
  expect(await rowsOf(estate, 'mart.wide')).toEqual(embedded.rows);
  const bySpark = await checksums();
  expect(comparable(bySpark)).toEqual(comparable(embedded.checksums));
  expect(bySpark.find(({ hop }) => hop === 'transformed')?.method).toBe('spark');

  await expect(run()).resolves.toMatchObject({ summary: { chunksDone: 3, rows: 3 } });
  expect(glue.runs).toHaveLength(before + 1);
}, 300_000);
