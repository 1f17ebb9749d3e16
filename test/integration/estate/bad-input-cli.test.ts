import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createActivities } from '../../../activities/index.js';
import { parseEnvironment } from '../../../config/environment.js';
import { ensureTemporalCli } from '../../../sandbox/services/temporal-cli.js';
import { createDependencies } from '../../../workers/dependencies.js';
import { taskQueue } from '../../../workflows/options.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { traces } from '../../support/refusals.js';
import { withWorker } from '../../support/temporal.js';

interface Answer {
  readonly code: number;
  readonly text: string;
}

/** What a user sees who has nothing but Temporal's own CLI. */
describe('bad input by the Temporal CLI', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({ servers: { server01: [] } });
  }, 120_000);
  afterAll(() => estate?.stop());

  async function temporal(...args: readonly string[]): Promise<Answer> {
    const all = ['workflow', ...args, '--address', estate.temporal.address];
    try {
      const { stdout, stderr } = await promisify(execFile)(await ensureTemporalCli(), all, {
        timeout: 40_000,
      });
      return { code: 0, text: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, text: stdout + stderr };
    }
  }
  const start = (id: string, ...input: readonly string[]): Promise<Answer> =>
    temporal('start', '--type', 'migrateCategory', '--task-queue', taskQueue, '--workflow-id', id, ...input);
  async function worked<T>(work: () => Promise<T>): Promise<T> {
    const { dependencies, close } = await createDependencies(parseEnvironment(estate.environment), 4);
    try {
      return await withWorker(estate.temporal, createActivities(dependencies), work);
    } finally {
      await close();
    }
  }

  it.each([
    [
      'a wrong input_partition',
      'migrate/cell_perf_stats',
      ['--input', '{"category":"cell_perf_stats","inputPartition":"202513"}'],
      ["'inputPartition'", '202513', 'YYYYMM'],
    ],
    [
      'an unknown category',
      'migrate/nope',
      ['--input', '{"category":"nope"}'],
      ['nope', 'cell_perf_stats', 'server-mappings.json'],
    ],
    [
      'a key that would be passed over',
      'migrate/cell_perf_stats',
      ['--input', '{"category":"cell_perf_stats","job_mode":"restart"}'],
      ["'job_mode'", 'jobMode'],
    ],
    [
      'no input',
      'migrate/cell_perf_stats',
      [],
      ['no JSON object', '--input', '{"category":"cell_perf_stats"}'],
    ],
    [
      'an input that is only a name',
      'migrate/cell_perf_stats',
      ['--input', '"cell_perf_stats"'],
      ['no JSON object', '{"category":"cell_perf_stats"}'],
    ],
    ['an empty category', 'migrate/cell_perf_stats', ['--input', '{"category":""}'], ["'category'"]],
    [
      'a workflow id that is not the category’s own',
      'second-run',
      ['--input', '{"category":"cell_perf_stats"}'],
      ['second-run', '--workflow-id migrate/cell_perf_stats'],
    ],
  ])('tells %s with the result', async (_, id, input, told) => {
    const before = await traces(estate);
    const result = await worked(async () => {
      expect(await start(id, ...input)).toMatchObject({ code: 0 });
      return temporal('result', '--workflow-id', id);
    });
    expect(result.code).not.toBe(0);
    const text = result.text.replaceAll('\\"', '"');
    for (const part of told) expect(text).toContain(part);
    expect(await traces(estate)).toEqual(before);
  });

  it('refuses a second run of a category while the first one runs, or answers with the first', async () => {
    const input = ['--input', '{"category":"cell_perf_stats"}'];
    const first = await start('migrate/cell_perf_stats', '--fail-existing', ...input);
    const second = await start('migrate/cell_perf_stats', '--fail-existing', ...input);
    const third = await start('migrate/cell_perf_stats', ...input);
    await estate.temporal.client.workflow.getHandle('migrate/cell_perf_stats').terminate();
    expect(first.code).toBe(0);
    expect(second.code).not.toBe(0);
    expect(second.text).toMatch(/already (started|running)/i);
    expect(third.text).toBe(first.text);
  });
});
