import { setTimeout as sleep } from 'node:timers/promises';
import { startWorkflow } from '../../sandbox/demo/workflow.js';
import { type DrillSandbox, startDrillSandbox, type WorkerProcess } from '../support/drill-sandbox.js';
import { sourceSessions, violations } from '../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../support/independent-join.js';
import { runCli } from '../support/temporal-cli.js';

/** What operators do with a worker and with Temporal's own commands in the middle of a run. */
describe('a run that is interrupted on purpose', () => {
  let sandbox: DrillSandbox;
  let worker: WorkerProcess;
  beforeAll(async () => {
    sandbox = await startDrillSandbox(3_000, 4);
    worker = await sandbox.startWorker();
  }, 150_000);
  afterAll(() => sandbox?.stop(), 60_000);

  const begin = (jobMode: 'resume' | 'restart') =>
    startWorkflow(sandbox.state.temporalCli, sandbox.state.temporalAddress, 'cell_perf_stats', { jobMode });
  const command = (...words: readonly string[]): Promise<string> => runCli(sandbox.state, words);
  /** Until so many steps of the run are recorded. */
  const reached = async (runId: string, steps: number): Promise<void> => {
    for (let done = 0; done < steps; await sleep(20)) {
      const { rows } = await sandbox.target.query(
        `SELECT to_regclass('migration_control.step') IS NOT NULL AS made`,
      );
      if (!rows[0].made) continue;
      const answer = await sandbox.target.query(
        'SELECT count(*)::int AS n FROM migration_control.step WHERE run_id = $1',
        [runId],
      );
      done = answer.rows[0].n;
    }
  };
  const sessions = async (): Promise<number> => {
    const [first, , third] = sandbox.sources;
    let all = 0;
    for (const pool of [first, third]) if (pool !== undefined) all += await sourceSessions(pool);
    return all;
  };
  const prove = async (): Promise<void> => {
    expect(digest(await targetRows(sandbox.target))).toBe(digest(await joinedRows(sandbox.sources)));
    expect(await violations(sandbox.target, sandbox.environment)).toEqual([]);
    expect(await sessions()).toBe(0);
  };

  it('completes after its worker was stopped with SIGTERM and started again', async () => {
    const run = await begin('resume');
    await reached(run.runId, 30);
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe('exit code 0');
    expect(await sessions()).toBe(0);
    worker = await sandbox.startWorker();
    expect(await run.ended).toBeUndefined();
    await run.close();
    await prove();
  }, 120_000);

  it('is exact when it is terminated and started again in resume at once', async () => {
    const terminated = await begin('restart');
    await reached(terminated.runId, 50);
    await command('workflow', 'terminate', '--workflow-id', 'migrate/cell_perf_stats', '--reason', 'drill');
    const { rows: before } = await sandbox.target.query(
      'SELECT chunk_id, attempt FROM migration_control.ledger',
    );
    const run = await begin('resume');
    expect(await run.ended).toBeUndefined();
    await Promise.all([terminated.close(), run.close()]);
    expect(before.length).toBeGreaterThan(0);
    const { rows: after } = await sandbox.target.query(
      'SELECT chunk_id, attempt FROM migration_control.ledger',
    );
    expect(after).toEqual(expect.arrayContaining(before));
    await prove();
  }, 120_000);

  it('leaves no session on the sources within five seconds of a cancel, and can be resumed', async () => {
    const cancelled = await begin('restart');
    await reached(cancelled.runId, 20);
    await command('workflow', 'cancel', '--workflow-id', 'migrate/cell_perf_stats');
    const deadline = Date.now() + 5_000;
    while ((await sessions()) > 0 && Date.now() < deadline) await sleep(50);
    expect(await sessions()).toBe(0);
    expect(await cancelled.ended).toContain('cancel');
    const { rows } = await sandbox.target.query('SELECT state FROM migration_control.run WHERE run_id = $1', [
      cancelled.runId,
    ]);
    expect(rows).toEqual([{ state: 'CANCELLED' }]);
    const run = await begin('resume');
    expect(await run.ended).toBeUndefined();
    await Promise.all([cancelled.close(), run.close()]);
    await prove();
  }, 120_000);
});
