import { createDriverLog } from '../../../engine/glue/driver-log.js';
import { createGlueApi } from '../../../engine/glue/glue-api.js';
import { createGlueEngine } from '../../../engine/glue/glue-engine.js';
import { scriptVersion, type TransformJobRequest } from '../../../engine/glue/job-request.js';
import type { TransformOutcome, WholeWindow } from '../../../engine/transform/engine.js';
import { type GlueServer, startGlueServer } from '../../support/glue-server.js';
import { columnsOf, type Fixture, openFixture, somePrefix } from '../transform/fixture.js';
import { cells, day, leftJoin, stats, usage } from '../transform/join-case.js';

const job = 'perf_rawToTransformed';
const times = { poll: { first: 5, longest: 10 }, room: { first: 5, longest: 10 }, stopMs: 2_000 };
const none = { rows: 0, sum: '0'.repeat(16) };
const left = { table: 'cells', alias: 'c', columns: ['cell_id'], expected: none, actual: none };
const written = { parts: [], rows: 0, bytes: 0, checksum: none };
const empty = { ...written, left, rights: [], unmatchedLeft: 0, joinMismatches: 0 };

let fixture: Fixture;
let glue: GlueServer;
let request: TransformJobRequest;
beforeEach(async () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  });
  fixture = await openFixture();
  glue = await startGlueServer();
  glue.jobs.set(job, { defaultArguments: { '--script_version': scriptVersion }, maxRetries: 0 });
});
afterEach(async () => {
  await glue.close();
  await fixture.close();
});

/** Has the stand-in for the script answer each request with what `answer` makes of it. */
function answering(answer: (asked: TransformJobRequest) => readonly object[]): void {
  glue.onStart = async (run) => {
    run.states = ['RUNNING'];
    const key = (run.arguments['--request'] ?? '').slice(fixture.bucket.url.length + 1);
    request = JSON.parse((await fixture.bucket.get(key))?.body ?? '');
    const { attempt } = request.output;
    const result = { scriptVersion, attempt, state: 'done', windows: answer(request) };
    await fixture.bucket.put(key.replace('request.json', 'result.json'), JSON.stringify(result));
    run.states = ['SUCCEEDED'];
  };
}

async function windowOf(rightColumns = usage): Promise<WholeWindow> {
  const { bucket } = fixture;
  const sources = [
    { table: 'cells', manifest: await fixture.write(cells, [['a', day, 1n, 'x']]), bucket },
    { table: 'usage', manifest: await fixture.write(rightColumns, []), bucket },
  ];
  return { sources, prefix: somePrefix() };
}

function transformWhole(windows: readonly WholeWindow[]): Promise<readonly TransformOutcome[]> {
  const { signal } = new AbortController();
  const held = { check: async () => undefined, release: async () => undefined };
  const nothing = () => undefined;
  const watch = { signal, moved: nothing, waiting: nothing, refused: nothing, hold: async () => held };
  const engine = createGlueEngine(
    {
      services: { api: createGlueApi(glue.endpoint), readLog: createDriverLog(glue.endpoint), times },
      job,
      settings: { timeoutMinutes: 60 },
      identity: { key: 'run-1-whole-0123', since: new Date() },
      watch: { ...watch, leave: () => false },
    },
    fixture.duckdb,
  );
  return engine.transformWhole({
    target: {
      ...{ name: 'stats', columns: stats, chunk: { by: 'date' }, scope: 'category' },
      sources: ['cells', 'usage'].map((table) => ({ table, chunkColumn: 'seen' })),
      transform: { file: 'stats.sql', sql: leftJoin },
    },
    windows,
    output: { bucket: fixture.bucket, attempt: 'unused' },
    partRows: 1_000,
    signal,
  });
}

describe('a whole by a job of Glue', () => {
  it('is one run, that is told of each window and answers for each, in order', async () => {
    const windows = [await windowOf(), await windowOf(), await windowOf()];
    const part = (prefix = '') => ({
      key: `${prefix}${request.output.attempt}/part-00000.parquet`,
      rows: 0,
      bytes: 7,
    });
    answering((asked) =>
      asked.windows.map((prefix, index) =>
        index === 1 ? { ...empty, parts: [part(prefix)], bytes: 7 } : empty,
      ),
    );
    const outcomes = await transformWhole(windows);
    expect(
      outcomes.map(({ parts }) => parts.map(({ key }) => key.startsWith(windows[1]?.prefix ?? '?'))),
    ).toEqual([[], [true], []]);
    expect(glue.runs).toHaveLength(1);
    expect(request.windows).toEqual(windows.map(({ prefix }) => prefix));
    expect(
      request.sources.map(({ table, windows: own }) => [table, own.map(({ window }) => window)]),
    ).toEqual([
      ['cells', [0, 1, 2]],
      ['usage', [0, 1, 2]],
    ]);
    const { manifest } = windows[2]?.sources[0] ?? {};
    expect(request.sources[0]?.windows[2]).toEqual({
      window: 2,
      parts: manifest?.parts,
      checksum: manifest?.checksum,
    });
  });

  it('reads what windows have in columns of another precision as it was written', async () => {
    const finer = columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(5)', used: 'integer' });
    answering(({ windows }) => windows.map(() => empty));
    await transformWhole([await windowOf(), await windowOf(finer), await windowOf()]);
    expect(
      request.sources.map(({ columns, windows }) => [columns, windows.map(({ window }) => window)]),
    ).toEqual([
      [cells, [0, 1, 2]],
      [usage, [0, 2]],
      [finer, [1]],
    ]);
  });

  it('refuses a table that has other columns in another database, before a run is started', async () => {
    const other = columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(3)', used: 'bigint' });
    await expect(transformWhole([await windowOf(), await windowOf(other)])).rejects.toMatchObject({
      code: 'TRANSFORM_INVALID',
    });
    expect(glue.runs).toHaveLength(0);
  });

  it.each([
    ['a window without an answer', () => [empty]],
    [
      "parts in another window's folder",
      ({ windows, output }: TransformJobRequest) => {
        const key = `${windows[0]}${output.attempt}/part-00000.parquet`;
        return [empty, { ...empty, parts: [{ key, rows: 0, bytes: 7 }], bytes: 7 }];
      },
    ],
    ['rows that its parts do not have', () => [empty, { ...empty, rows: 1 }]],
  ])('refuses a result with %s', async (_, answer) => {
    answering(answer);
    await expect(transformWhole([await windowOf(), await windowOf()])).rejects.toMatchObject({
      code: 'GLUE_JOB',
    });
  });
});
