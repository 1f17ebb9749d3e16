import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { hoursSchedules, readHours } from '../../../activities/allowed-hours';
import { ensureTemporalCli } from '../../../sandbox/services/temporal-cli';
import { statusQuery, workflowIds } from '../../../workflows/messages';
import { taskQueue } from '../../../workflows/options';
import { steerCategory } from '../../../workflows/steer-category';
import { migrate } from '../../support/cli';
import { startTestTemporal } from '../../support/temporal';
import { type FakeWorker, startFakeWorker } from './fake-worker';

describe('allowed hours', () => {
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

  /** `HH:MM` in UTC, so many hours from now. */
  const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  const closedNow = (): string => `${at(2)}-${at(4)}`;
  const openNow = (): string => `${at(-2)}-${at(2)}`;
  const allow = (category: string, hours: string, ...more: readonly string[]) =>
    migrate(['hours', category, '--allow', hours, '--timezone', 'UTC', ...more]);
  const pausesOf = async (category: string) => {
    const status = await temporal.client.workflow
      .getHandle(workflowIds.category(category))
      .query(statusQuery);
    return status.pauses.map(({ mode, by }) => ({ mode, by }));
  };
  const scheduleOf = (category: string, edge: 'open' | 'close') =>
    temporal.client.schedule.getHandle(hoursSchedules(category)[edge]);
  const steer = (category: string): Promise<string> =>
    temporal.client.workflow.execute(steerCategory, {
      ...{ taskQueue, workflowId: `steer-${category}-${Date.now()}` },
      args: [{ category, mode: 'drain' }],
    });

  it('pause a run at once where it is outside of them, and let it go on within', async () => {
    await migrate(['start', 'night']);
    const closed = await allow('night', closedNow(), '--mode', 'now');
    expect(closed).toMatchObject({ code: 0, err: '' });
    expect(closed.out).toContain('It is outside these hours');
    expect(closed.out).toContain('The run is paused until they begin');
    expect(await pausesOf('night')).toEqual([{ mode: 'now', by: 'hours' }]);
    const opened = await allow('night', openNow());
    expect(opened.out).toContain('It is within these hours');
    expect(await pausesOf('night')).toEqual([]);
  });

  it('leave alone what operators paused', async () => {
    await migrate(['start', 'both']);
    await allow('both', closedNow());
    await migrate(['pause', 'both']);
    await allow('both', openNow());
    expect(await pausesOf('both')).toEqual([{ mode: 'drain', by: 'operator' }]);
  });

  it('are shown as they were given, with the next times by which the server will act', async () => {
    const [given, closes] = [openNow(), at(2)];
    await allow('shown', given);
    const { code, out } = await migrate(['hours', 'shown', '--show', '--json']);
    expect(code).toBe(0);
    const { hours } = JSON.parse(out);
    expect(hours).toMatchObject({ outside: false, mode: 'drain', timezone: 'UTC' });
    expect(hours.note).toBe(`${given} UTC, then drain`);
    expect(hours.closes.slice(11, 16)).toBe(closes);
    expect(new Date(hours.opens) > new Date(hours.closes)).toBe(true);
    expect((await migrate(['hours', 'none', '--show'])).out).toBe('none may run at any time.\n');
  });

  it('survive an outage of days, one act at a time, and never end by a failure', async () => {
    await allow('kept', openNow());
    for (const edge of ['open', 'close'] as const)
      expect((await scheduleOf('kept', edge).describe()).policies).toMatchObject({
        ...{ overlap: 'SKIP', catchupWindow: 8 * 86_400_000, pauseOnFailure: false },
      });
  });

  it('are what a late act obeys, and not the edge that once started it', async () => {
    await migrate(['start', 'late']);
    await allow('late', openNow());
    // An act for the end of the hours that comes when they have begun again.
    await scheduleOf('late', 'close').trigger();
    await settledActions('late', 'close');
    expect(await pausesOf('late')).toEqual([]);
    await allow('late', closedNow());
    await migrate(['resume', 'late']);
    await scheduleOf('late', 'open').trigger();
    await settledActions('late', 'open');
    expect(await pausesOf('late')).toEqual([{ mode: 'drain', by: 'hours' }]);
  });

  it('pause and resume by themselves when the time comes', async () => {
    await migrate(['start', 'ending']);
    await migrate(['start', 'beginning']);
    await allow('ending', openNow());
    await allow('beginning', closedNow());
    await soon('ending', 'close');
    await soon('beginning', 'open');
    await settledActions('ending', 'close');
    await settledActions('beginning', 'open');
    expect(await pausesOf('ending')).toEqual([{ mode: 'drain', by: 'hours' }]);
    expect(await pausesOf('beginning')).toEqual([]);
  });

  it('do nothing, and say so, where no run is', async () => {
    await allow('idle', closedNow());
    expect(await steer('idle')).toBe('idle is not running: nothing to pause.');
    await allow('idle', openNow());
    expect(await steer('idle')).toBe('idle is not running: nothing to resume.');
  });

  it('hold nobody once they are removed, or while somebody has paused a schedule', async () => {
    await migrate(['start', 'removed']);
    await allow('removed', closedNow());
    expect(await readHours(temporal.client.schedule, 'removed')).toMatchObject({ outside: true });
    await scheduleOf('removed', 'open').pause('exception');
    expect(await readHours(temporal.client.schedule, 'removed')).toBeUndefined();
    const removed = await migrate(['hours', 'removed', '--remove']);
    expect(removed).toMatchObject({ code: 0, out: 'removed may run at any time.\n' });
    expect(await pausesOf('removed')).toEqual([]);
    expect(await readHours(temporal.client.schedule, 'removed')).toBeUndefined();
    expect((await migrate(['hours', 'removed', '--remove'])).code).toBe(0);
  });

  it('are the same when what is explained is pasted into a shell', async () => {
    const hours = [
      '--allow',
      '22:00-06:00',
      'sat-sun 00:00-24:00',
      '--days',
      'mon-fri',
      '--timezone',
      'Europe/Berlin',
    ];
    await paste('hours', 'pasted', ...hours);
    await migrate(['hours', 'typed', ...hours]);
    for (const edge of ['open', 'close'] as const) {
      const pasted = await scheduleOf('pasted', edge).describe();
      const typed = await scheduleOf('typed', edge).describe();
      expect({ ...pasted.spec, jitter: 0 }).toEqual({ ...typed.spec, jitter: 0 });
      expect(pasted.info.nextActionTimes).toEqual(typed.info.nextActionTimes);
      expect(pasted.policies).toEqual(typed.policies);
      expect(pasted.state.note).toBe(typed.state.note);
      expect(pasted.action).toMatchObject({
        workflowType: 'steerCategory',
        args: [{ category: 'pasted', mode: 'drain' }],
      });
    }
    expect(await paste('hours', 'pasted', '--show')).toContain('Europe/Berlin');
    await paste('hours', 'pasted', '--remove');
    expect(await readHours(temporal.client.schedule, 'pasted')).toBeUndefined();
  }, 60_000);

  /** Has an edge come in a moment, to the second, instead of on its minute. */
  async function soon(category: string, edge: 'open' | 'close'): Promise<void> {
    const time = new Date(Date.now() + 4_000);
    const [hour, minute, second] = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()];
    await scheduleOf(category, edge).update((before) => ({
      ...before,
      spec: { calendars: [{ hour, minute, second }], timezone: 'UTC' },
    }));
  }

  /** Waits until the latest act of a schedule has ended. */
  async function settledActions(category: string, edge: 'open' | 'close'): Promise<void> {
    for (;;) {
      const { recentActions } = (await scheduleOf(category, edge).describe()).info;
      const action = recentActions.at(-1)?.action.workflow;
      if (action !== undefined)
        return void (await temporal.client.workflow.getHandle(action.workflowId).result());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function paste(...args: readonly string[]): Promise<string> {
    const { out } = await migrate([...args, '--explain']);
    const PATH = `${dirname(await ensureTemporalCli())}:${process.env.PATH}`;
    const { stdout } = await promisify(execFile)('sh', ['-ec', out], { env: { ...process.env, PATH } });
    return stdout;
  }
});
