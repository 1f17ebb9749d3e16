import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { ensureTemporalCli } from '../../../sandbox/services/temporal-cli';
import { type CategoryStatus, statusQuery, workflowIds } from '../../../workflows/messages';
import { migrate } from '../../support/cli';
import { startTestTemporal } from '../../support/temporal';
import { type FakeWorker, startFakeWorker } from './fake-worker';
import { endSignal } from './fake-workflows';

/** The command line against a real Temporal server and categories that obey, but copy nothing. */
describe('controls by the command line', () => {
  let temporal: TestWorkflowEnvironment;
  let worker: FakeWorker;
  beforeAll(async () => {
    temporal = await startTestTemporal();
    process.env.TEMPORAL_ADDRESS = temporal.address;
    worker = await startFakeWorker(temporal);
  }, 120_000);
  afterAll(async () => {
    await worker?.stop();
    await temporal?.teardown();
  });

  const handleOf = (category: string) => temporal.client.workflow.getHandle(workflowIds.category(category));
  const statusOf = (category: string): Promise<CategoryStatus> => handleOf(category).query(statusQuery);
  async function end(category: string, state: string): Promise<void> {
    await handleOf(category).signal(endSignal, state);
    await handleOf(category)
      .result()
      .catch(() => undefined);
  }

  /** Runs what `--explain` printed, as a person would who pastes it into a shell. */
  async function paste(...args: readonly string[]): Promise<string> {
    const { code, out } = await migrate([...args, '--explain']);
    expect(code).toBe(0);
    const PATH = `${dirname(await ensureTemporalCli())}:${process.env.PATH}`;
    const { stdout } = await promisify(execFile)('sh', ['-ec', out], { env: { ...process.env, PATH } });
    return stdout;
  }

  it('starts a run, tells its ids and what to do next, and refuses a second one', async () => {
    const started = await migrate(['start', 'one', '--input-partition', '202501']);
    const { runId } = await handleOf('one').describe();
    expect(started).toMatchObject({ code: 0, err: '' });
    expect(started.out).toContain(`Started migrate/one, run ${runId}.`);
    expect(started.out).toContain('migrate watch one');
    const again = await migrate(['start', 'one']);
    expect(again.code).toBe(6);
    expect(again.err).toMatch(new RegExp(`one runs already, since .+ \\(run ${runId}\\)`));
    const described = await handleOf('one').describe();
    expect(await described.staticSummary()).toBe('Migrates one, 202501');
    expect(await described.staticDetails()).toContain('docs/cli.md');
  });

  it('passes pauses, limits and their end on, and prints the state that answers', async () => {
    await migrate(['start', 'steered']);
    const paused = await migrate(['pause', 'steered', '--now', '--server', 'server01']);
    expect(paused).toMatchObject({ code: 0, err: '' });
    expect(paused.out).toContain('Paused: server server01, by operator; running steps are cancelled');
    expect((await statusOf('steered')).pauses).toEqual([
      { mode: 'now', scope: { server: 'server01' }, by: 'operator' },
    ]);
    const limited = await migrate([
      'concurrency',
      'steered',
      '--per-server',
      'server01=2',
      '--total',
      '3',
      '--json',
    ]);
    expect(JSON.parse(limited.out)).toMatchObject({ total: 3, servers: [{ limit: 2 }, { limit: 4 }] });
    expect((await migrate(['resume', 'steered'])).out).not.toContain('Paused');
    expect((await migrate(['concurrency', 'steered', '--total', 'none'])).out).not.toContain('Limit');
    expect((await statusOf('steered')).total).toBeUndefined();
  });

  it('tells why the run refuses, and changes nothing', async () => {
    await migrate(['start', 'refusing']);
    const answer = await migrate(['pause', 'refusing', '--server', 'server99']);
    expect(answer).toEqual({
      ...{ code: 6, out: '' },
      err: "migrate: The run refuses: there is no server 'server99'.\n",
    });
    const document = await migrate(['concurrency', 'refusing', '--per-server', 'server99=1', '--json']);
    expect(JSON.parse(document.err).error).toMatchObject({ reason: 'refused', exitCode: 6 });
    expect((await statusOf('refusing')).pauses).toEqual([]);
  });

  it('sends retry and skip as they were meant', async () => {
    await migrate(['start', 'parked']);
    expect((await migrate(['retry', 'parked', 't/s/A/20250101', '--parts', '4'])).out).toBe(
      '1 chunk sent back; 0 still parked.\n',
    );
    expect((await migrate(['skip', 'parked', 't/s/A/20250102', '--reason', "it's gone"])).out).toBe(
      '1 chunk skipped; 2 still parked.\n',
    );
    expect((await statusOf('parked')).warnings.map((text) => JSON.parse(text))).toEqual([
      { chunk: 't/s/A/20250101', parts: 4 },
      { chunk: 't/s/A/20250102', reason: "it's gone" },
    ]);
  });

  it('names what a reload took over', async () => {
    await migrate(['start', 'reloaded']);
    expect((await migrate(['reload', 'reloaded'])).out).toBe(
      'log_level, stall: in effect for every step that begins from now on.\n',
    );
    expect((await migrate(['reload', 'reloaded'])).out).toBe(
      'Nothing has changed that a run under way could take over.\n',
    );
    expect(JSON.parse((await migrate(['reload', 'reloaded', '--json'])).out)).toEqual({ fields: [] });
  });

  it('sends again what met the run just as it continued as new, which is one run all the same', async () => {
    await migrate(['start', 'renewed']);
    const { runId } = await handleOf('renewed').describe();
    const skipped = migrate(['skip', 'renewed', 't/s/A/20250101', '--reason', 'slow']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await handleOf('renewed').signal(endSignal, 'renew');
    expect(await skipped).toMatchObject({ code: 0, out: '1 chunk skipped; 2 still parked.\n' });
    expect((await handleOf('renewed').describe()).runId).not.toBe(runId);
    const status = JSON.parse((await migrate(['status', 'renewed', '--json'])).out);
    const first = await temporal.client.workflow.getHandle(workflowIds.category('renewed'), runId).describe();
    expect(status).toMatchObject({ runId, startedAt: first.startTime.toISOString(), state: 'RUNNING' });
  });

  it('explains with commands that do the very same when they are pasted into a shell', async () => {
    await paste('start', 'pasted', '--job-mode', 'restart');
    await expect(paste('start', 'pasted')).rejects.toThrow(/already/);
    await paste('pause', 'pasted', '--now', '--database', "Bob's");
    await paste('concurrency', 'pasted', '--per-server', '*=7', '--total', '5');
    await paste('reload', 'pasted');
    await paste('skip', 'pasted', 't/s/A/$HOME', '--reason', `a "quoted" \`reason\``);
    expect(await paste('status', 'pasted')).toContain('"phase":"COPYING"');
    expect(await statusOf('pasted')).toMatchObject({
      ...{ pauses: [{ mode: 'now', scope: { database: "Bob's" } }], total: 5 },
      ...{ servers: [{ limit: 7 }, { limit: 7 }] },
      warnings: ['reloaded', JSON.stringify({ chunk: 't/s/A/$HOME', reason: 'a "quoted" `reason`' })],
    });
    await paste('resume', 'pasted');
    expect((await statusOf('pasted')).pauses).toEqual([]);
    await paste('stop', 'pasted');
    expect(await handleOf('pasted').result()).toMatchObject({ state: 'STOPPED' });
    expect(await paste('report', 'pasted')).toContain('file:///report.json');
  }, 120_000);

  it('does nothing when it only explains', async () => {
    await migrate(['start', 'untouched', '--explain']);
    expect((await migrate(['status', 'untouched'])).code).toBe(6);
  });

  it.each([
    ['COMPLETED', 0, 'COMPLETED', 'Report: file:///report.json'],
    ['STOPPED', 4, 'STOPPED', 'Go on with: migrate start'],
    ['CHUNKS_NEED_ATTENTION', 3, 'FAILED', 'CHUNKS_NEED_ATTENTION: ended on purpose'],
    ['TARGET_LOGIN', 1, 'FAILED', 'TARGET_LOGIN: ended on purpose'],
  ])('a run that ended %s is told so, by exit code %i too', async (state, code, name, text) => {
    const category = `ended_${state.toLowerCase()}`;
    await migrate(['start', category]);
    await end(category, state);
    const status = await migrate(['status', category]);
    expect(status.code).toBe(code);
    expect(status.out).toContain(`${category}  ${name} after`);
    expect(status.out).toContain(text);
    const pause = await migrate(['pause', category]);
    expect(pause.code).toBe(6);
    expect(pause.err).toMatch(
      new RegExp(
        `${category} is not running: its last run ended ${name} at .+; start it with: migrate start ${category}`,
      ),
    );
  });

  it('a cancelled or terminated run counts as stopped', async () => {
    for (const category of ['cancelled', 'terminated']) await migrate(['start', category]);
    await handleOf('cancelled').cancel();
    await handleOf('cancelled')
      .result()
      .catch(() => undefined);
    await handleOf('terminated').terminate();
    expect(await migrate(['status', 'cancelled'])).toMatchObject({ code: 4, err: '' });
    expect(await migrate(['status', 'terminated'])).toMatchObject({ code: 4, err: '' });
  });

  it('a run that goes on with parked chunks needs attention', async () => {
    await migrate(['start', 'waiting']);
    await handleOf('waiting').signal(endSignal, 'park');
    const { code, out } = await migrate(['status', 'waiting', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ state: 'RUNNING', status: { phase: 'NEEDS_ATTENTION' } });
  });

  it('says of a category that never ran how to start it', async () => {
    const pause = await migrate(['pause', 'never']);
    expect(pause.code).toBe(6);
    expect(pause.err).toContain('Temporal knows no run of it; start it with: migrate start never');
    expect((await migrate(['status', 'never'])).code).toBe(6);
  });
});
