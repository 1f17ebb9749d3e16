import { setTimeout as sleep } from 'node:timers/promises';
import { readChecksums } from '../../sandbox/demo/control.js';
import { prove } from '../../sandbox/demo/proof.js';
import { startWorkflow } from '../../sandbox/demo/workflow.js';
import { type DrillSandbox, startDrillSandbox, type WorkerProcess } from '../support/drill-sandbox.js';
import { sourceSessions, violations } from '../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../support/independent-join.js';
import { seededRandom } from '../support/seeded-random.js';

const kills = 10;
/** Chunks planned, and then four steps of each: how progress is counted. */
const wholeRun = 40 + 4 * 40;
/** Where only chunks that lost their worker are left, nothing moves until their heartbeats are missed. */
const patienceMs = 6_000;

/**
 * The worker as users start it, killed with all its processes at ten moments of one run: moments of progress
 * drawn by seed, and a random delay after each. DRILL_SEED=<seed> replays them.
 */
describe('ten kills of the worker in one run', () => {
  const seed = Number(process.env.DRILL_SEED ?? Date.now() % 1_000_000);
  let sandbox: DrillSandbox;
  beforeAll(async () => {
    // Many chunks in flight, so that the eight that a kill holds up leave others to go on with.
    sandbox = await startDrillSandbox(3_000, 20);
  }, 120_000);
  afterAll(() => sandbox?.stop(), 60_000);

  const progress = async (): Promise<number> => {
    const { rows: made } = await sandbox.target.query(
      `SELECT to_regclass('migration_control.step') IS NOT NULL AS made`,
    );
    if (!made[0].made) return 0;
    const { rows } = await sandbox.target.query(
      `SELECT (SELECT count(*) FROM migration_control.chunk) + (SELECT count(*) FROM migration_control.step) AS n`,
    );
    return Number(rows[0].n);
  };
  const reached = async (moment: number): Promise<number> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const now = await progress();
      if (now >= moment || Date.now() > deadline) return now;
      await sleep(20);
    }
  };

  it('ends, with no operator, in the same table as no kill', async () => {
    const random = seededRandom(seed);
    const moments = Array.from({ length: kills }, () => Math.floor(random() * wholeRun * 0.9)).sort(
      (a, b) => a - b,
    );
    let worker: WorkerProcess = await sandbox.startWorker();
    const { temporalCli, temporalAddress } = sandbox.state;
    const run = await startWorkflow(temporalCli, temporalAddress, 'cell_perf_stats', {});
    const began = Date.now();
    const tell = (what: string): void => {
      process.stderr.write(`${((Date.now() - began) / 1000).toFixed(1)} s: ${what}\n`);
    };
    tell(`DRILL_SEED=${seed}`);
    for (const moment of moments) {
      const at = await reached(moment);
      const delay = Math.floor(random() * 500);
      await sleep(delay);
      worker.signal('SIGKILL');
      await worker.ended;
      tell(`killed at ${at} of ${wholeRun}`);
      worker = await sandbox.startWorker();
      tell('started again');
    }
    expect(await progress()).toBeLessThan(wholeRun);
    expect(await run.ended).toBeUndefined();
    tell('completed');

    expect(digest(await targetRows(sandbox.target))).toBe(digest(await joinedRows(sandbox.sources)));
    expect(await violations(sandbox.target, sandbox.environment)).toEqual([]);
    const databases = [
      'server01/DatabaseA',
      'server01/DatabaseB',
      'server02/DatabaseA',
      'server02/DatabaseB',
    ];
    const proof = prove(await readChecksums(sandbox.target, run.runId), databases);
    expect(proof.lines.filter(({ equal }) => equal === false)).toEqual([]);
    expect(proof.holds).toBe(true);
    for (const source of sandbox.sources) expect(await sourceSessions(source)).toBe(0);
    await run.close();
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe('exit code 0');
  }, 240_000);
});
