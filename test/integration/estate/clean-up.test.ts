import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CleanUpSummary } from '../../../activities/clean-up/contract.js';
import type { Dependencies } from '../../../activities/dependencies.js';
import { createActivities } from '../../../activities/index.js';
import { parseEnvironment } from '../../../config/environment.js';
import { MigrationError } from '../../../engine/errors.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { ensureTemporalCli } from '../../../sandbox/services/temporal-cli.js';
import { createDependencies } from '../../../workers/dependencies.js';
import { workflowIds } from '../../../workflows/messages.js';
import { taskQueue } from '../../../workflows/options.js';
import { type CliAnswer, migrate } from '../../support/cli.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { withWorker } from '../../support/temporal.js';
import { joinCategory, joinTables, serverOf } from './small-category.js';
import { meddleBefore, rowsOf, steeredRun } from './steered-run.js';

const options = { databases: { server01: ['One'] } };
const left = [
  `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
  `('b', '2025-01-02 08:00', 'second', 2.5, 2)`,
  `('c', '2025-01-03 08:00', NULL, NULL, NULL)`,
];
const right = [`('a', '2025-01-01 08:00', 11)`, `('b', '2025-01-02 08:00', 12)`];
const names = ['dead', 'kept', 'busy', 'writing', 'refused'] as const;

describe('a clean-up after real runs', () => {
  let estate: Estate;
  beforeAll(async () => {
    const tables = names.flatMap((name) => joinTables(name, left, right));
    estate = await startEstate({ servers: { server01: serverOf('server01', tables) } });
    process.env.TEMPORAL_ADDRESS = estate.temporal.address;
    for (const name of names) joinCategory(estate, name, options);
  }, 120_000);
  afterAll(() => estate?.stop());

  const whole = [
    '["a","2025-01-01T08:00:00","first",1.5,1,"a",11]',
    '["b","2025-01-02T08:00:00","second",2.5,2,"b",12]',
    '["c","2025-01-03T08:00:00",null,null,null,null,null]',
  ];

  /** Paths of a category's objects below the buckets' directory. */
  function objectsOf(category: string): readonly string[] {
    const root = join(estate.directory, 'buckets');
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.includes(`/${category}/`) && !path.includes('.tmp/'))
      .filter((path) => statSync(join(root, path)).isFile())
      .sort();
  }

  /** Its parts, by whether a manifest counts them. */
  function partsOf(category: string): {
    readonly counted: readonly string[];
    readonly orphans: readonly string[];
  } {
    const objects = objectsOf(category);
    const counted = objects
      .filter((path) => path.endsWith('/manifest.json'))
      .flatMap((path) => {
        const { parts } = JSON.parse(
          readFileSync(join(estate.directory, 'buckets', path), 'utf8'),
        ) as Manifest;
        return parts.map(({ key }) => join(path.split('/')[0] ?? '', key));
      });
    return {
      counted,
      orphans: objects.filter((path) => path.endsWith('.parquet') && !counted.includes(path)),
    };
  }

  function age(category: string, hours: number): void {
    const then = new Date(Date.now() - hours * 3_600_000);
    for (const path of objectsOf(category)) utimesSync(join(estate.directory, 'buckets', path), then, then);
  }

  function retain(category: string, retention: Record<string, number>): void {
    estate.configure(`config/categories/${category}.json`, (json) => ({ ...json, retention }));
  }

  async function withActivities<T>(work: () => Promise<T>): Promise<T> {
    const { dependencies, close } = await createDependencies(parseEnvironment(estate.environment), 2);
    try {
      return await withWorker(estate.temporal, createActivities(dependencies), work);
    } finally {
      await close();
    }
  }

  const cleanUp = (category: string, ...flags: readonly string[]): Promise<CliAnswer> =>
    migrate(['clean-up', category, ...flags]);

  async function cleaned(category: string, ...flags: readonly string[]): Promise<CleanUpSummary> {
    const { code, out, err } = await withActivities(() => cleanUp(category, ...flags, '--json'));
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as CleanUpSummary;
  }

  /** Buckets whose manifests cannot be put: `meddle` says what happens instead, each time. */
  function meddling(meddle: (key: string) => Promise<void>): (own: Dependencies) => Dependencies {
    const wrap = (bucket: Bucket): Bucket =>
      new Proxy(bucket, {
        get: (own, name) => {
          const member = Reflect.get(own, name);
          if (typeof member !== 'function') return member;
          if (name !== 'putIf') return member.bind(own);
          return async (...request: Parameters<Bucket['putIf']>) => {
            await meddle(request[0]);
            return own.putIf(...request);
          };
        },
      });
    return (own) => ({
      ...own,
      buckets: { ...own.buckets, raw: wrap(own.buckets.raw), transformed: wrap(own.buckets.transformed) },
    });
  }

  it('finds just what dead attempts have left, and takes away just that', async () => {
    const died = new Set<string>();
    const dependencies = meddling(async (key) => {
      // The second table's manifest: that of the first is put already, and is replaced by the next attempt's.
      if (!/right\/2025\/01\/02|One\/2025\/01\/03/.test(key) || died.has(key)) return;
      died.add(key);
      throw new MigrationError('STORAGE_IO', 'the worker died before it had put its manifest');
    });
    expect((await steeredRun(estate, { category: 'dead' }, { dependencies })).summary).toBeDefined();
    const { counted, orphans } = partsOf('dead');
    expect(orphans).toHaveLength(3);
    expect(await cleaned('dead', '--apply')).toMatchObject({
      found: { objects: 0 },
      removed: { objects: 0 },
    });

    age('dead', 50);
    const before = objectsOf('dead');
    const dry = await cleaned('dead');
    expect(dry).toMatchObject({ applied: false, found: { objects: 3 }, removed: { objects: 0 } });
    expect(dry.groups.map(({ hop, subject, reason }) => `${hop} ${subject} ${reason}`).sort()).toEqual([
      'raw dead/dbo.dead_left orphan',
      'raw dead/dbo.dead_right orphan',
      'transformed dead orphan',
    ]);
    expect(objectsOf('dead').filter((path) => !path.includes('clean-up/'))).toEqual(
      before.filter((path) => !path.includes('clean-up/')),
    );
    expect(await cleaned('dead', '--older-than', '3d')).toMatchObject({ found: { objects: 0 } });

    const text = await withActivities(() => cleanUp('dead', '--apply'));
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out).toMatch(/Taken away: 3 objects \(.+\)\.\nReport: file:.+\/report\.json\n$/);
    expect(partsOf('dead')).toEqual({ counted, orphans: [] });
    expect(await cleaned('dead', '--apply')).toMatchObject({ found: { objects: 0 } });
    expect(await estate.run({ category: 'dead' })).toMatchObject({ chunksDone: 3 });
    expect(await rowsOf(estate, 'mart.dead')).toEqual(whole);
  });

  it('takes away what is over its time, manifests and all, and what is lost later is read anew', async () => {
    await estate.run({ category: 'kept' });
    age('kept', 24 * 8);
    expect(await cleaned('kept')).toMatchObject({ found: { objects: 0 } });
    retain('kept', { rawDays: 7, transformedDays: 9, statsDays: 7 });
    const { removed, groups } = await cleaned('kept', '--apply');
    const left = objectsOf('kept');
    expect(left.filter((path) => path.startsWith('raw/'))).toEqual([]);
    expect(left.filter((path) => path.startsWith('transformed/'))).toHaveLength(6);
    expect(left.filter((path) => /^stats\/(report|export|import|checksum|transform)\//.test(path))).toEqual(
      [],
    );
    expect(groups.every(({ reason }) => reason === 'retention')).toBe(true);
    expect(removed.objects).toBeGreaterThan(12);

    expect(await estate.run({ category: 'kept' })).toMatchObject({ chunksDone: 3 });
    expect(objectsOf('kept').filter((path) => path.startsWith('raw/'))).toEqual([]);
    await estate.postgres.query(`DELETE FROM stage.kept WHERE id = 'b'`);
    expect(await estate.run({ category: 'kept' })).toMatchObject({ chunksDone: 3 });
    expect(await rowsOf(estate, 'mart.kept')).toEqual(whole);
  });

  it('leaves all that a run in progress needs between two steps', async () => {
    retain('busy', { rawDays: 2, transformedDays: 2 });
    const answers: CliAnswer[] = [];
    const steering = meddleBefore(estate, 'importChunk', '20250102', async () => {
      age('busy', 100);
      answers.push(await cleanUp('busy', '--apply'));
    });
    const { summary } = await steeredRun(estate, { category: 'busy' }, steering);
    expect(answers).toMatchObject([{ code: 0 }]);
    expect(summary).toMatchObject({ chunksDone: 3, chunksParked: 0 });
    expect(await rowsOf(estate, 'mart.busy')).toEqual(whole);
    const exports = await estate.postgres.query(
      `SELECT DISTINCT s.reused FROM migration_control.step s JOIN migration_control.chunk c USING (chunk_id)
        WHERE c.category = 'busy' AND c.window_label = '20250102' AND s.step = 'export'`,
    );
    expect(exports.rows).toEqual([{ reused: false }]);
  });

  it('leaves the parts of the attempt at work, however old they look', async () => {
    const answers: CliAnswer[] = [];
    let parts: readonly string[] = [];
    let gone: readonly string[] = [];
    const dependencies = meddling(async (key) => {
      if (!/left\/2025\/01\/02/.test(key) || answers.length > 0) return;
      age('writing', 100);
      parts = objectsOf('writing').filter((path) => path.endsWith('.parquet'));
      answers.push(await cleanUp('writing', '--apply'));
      gone = parts.filter((path) => !objectsOf('writing').includes(path));
    });
    const { summary } = await steeredRun(estate, { category: 'writing' }, { dependencies });
    expect(answers).toMatchObject([{ code: 0 }]);
    expect(parts.filter((path) => path.includes('2025/01/02'))).toHaveLength(2);
    expect(gone).toEqual([]);
    expect(summary).toMatchObject({ chunksDone: 3 });
    expect(partsOf('writing').orphans).toEqual([]);
    expect(await rowsOf(estate, 'mart.writing')).toEqual(whole);
  });

  it('refuses what is wrong before it looks at anything', async () => {
    const unknown = await withActivities(() => cleanUp('refuse'));
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(
      /^migrate: CATEGORY_UNKNOWN: Category "refuse" is not known; nearest: 'refused'/,
    );
    for (const [given, reason] of [
      ['47h', 'at least 48h'],
      ['1d', 'at least 48h'],
      ['soon', "such as '7d' or '72h'"],
      ['-7d', "such as '7d' or '72h'"],
    ] as const) {
      const { code, err } = await cleanUp('refused', `--older-than=${given}`);
      expect({ given, code }).toEqual({ given, code: 2 });
      expect(err).toContain(reason);
    }
    retain('refused', { rawDays: 1 });
    const eager = await withActivities(() => cleanUp('refused', '--apply'));
    expect(eager.code).toBe(2);
    expect(eager.err).toContain("field 'retention.rawDays' is 1; allowed: a whole number of days from 2");
    expect(existsSync(join(estate.directory, 'buckets/stats/clean-up/refused'))).toBe(false);
  });

  it('runs by a schedule too, as docs/aws.md has it', async () => {
    retain('refused', {});
    const text = readFileSync(join(__dirname, '../../../docs/aws.md'), 'utf8');
    const [command = ''] = /temporal schedule create --schedule-id clean-up-(.|\n)+?}'/.exec(text) ?? [];
    const own = command
      .replaceAll('cell_perf_stats', 'refused')
      .replace('temporal', await ensureTemporalCli());
    await promisify(execFile)('sh', ['-ec', `${own} --address ${estate.temporal.address}`]);
    const schedule = estate.temporal.client.schedule.getHandle('clean-up-refused');
    await withActivities(async () => {
      await schedule.trigger();
      for (;;) {
        const [action] = (await schedule.describe()).info.recentActions;
        if (action?.action.type === 'startWorkflow') {
          const { workflowId } = action.action.workflow;
          expect(workflowId).toMatch(/^clean-up\/refused-\d{4}-/);
          const result = await estate.temporal.client.workflow.getHandle(workflowId).result();
          expect(result).toMatchObject({ applied: true });
          return;
        }
        await sleep(200);
      }
    });
  });

  it('runs once at a time for a category, and under its own id only', async () => {
    retain('refused', {});
    const { workflow } = estate.temporal.client;
    const start = (workflowId: string, input: object) =>
      workflow.start('cleanUp', { taskQueue, workflowId, args: [input] });
    const first = await start(workflowIds.cleanUp('refused'), { category: 'refused' });
    expect(await cleanUp('refused')).toMatchObject({
      code: 6,
      err: expect.stringMatching(/^migrate: A clean-up of refused runs already/),
    });
    await withActivities(async () => {
      expect(await first.result()).toMatchObject({ applied: false, found: { objects: 0 } });
      for (const [id, input, type] of [
        ['clean-up/other', { category: 'refused' }, 'WORKFLOW_ID'],
        ['clean-up/refused', { category: 'refused', aply: true }, 'CONFIG_INVALID'],
        ['clean-up/refused', { category: 'refused', apply: 'yes' }, 'CONFIG_INVALID'],
        ['clean-up/refused', { category: 'refused', olderThan: '1h' }, 'CONFIG_INVALID'],
      ] as const) {
        const failed = (await start(id, input)).result();
        await expect(failed).rejects.toMatchObject({ cause: expect.anything() });
        await failed.catch((error) => expect(rootOf(error)).toMatchObject({ type }));
      }
    });
  });
});

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root;
}
