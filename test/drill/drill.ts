import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Storage } from '../../sandbox/services/settings.js';
import { ledgerViolations } from '../support/exactly-once.js';
import { category, type DrillEstate } from './drill-estate.js';
import type { Order } from './faulty-worker-child.js';
import type { WorkerFault } from './worker-faults.js';

/** One place and kind of fault. */
export interface Point {
  readonly name: string;
  /** Arms the fault, starts the run with `drill.start`, and proves that the fault came. */
  strike(drill: Drill): Promise<void>;
  /** How it may end where it does not complete by itself: `park`, or fail and be started again in resume. */
  readonly end?: 'park' | 'resume';
  /** Where the buckets are; directories unless given. */
  readonly storage?: Storage;
}

const endWithinMs = 180_000;
const obeyedWithinMs = 60_000;
const workflowId = `migrate/${category}`;

/** What a point works with. */
export class Drill {
  readonly notes: string[] = [];
  #handle: WorkflowHandle | undefined;
  readonly #finally: (() => Promise<unknown>)[] = [];

  constructor(
    readonly estate: DrillEstate,
    /** Numbers in [0, 1) that the seed repeats. */
    readonly random: () => number,
  ) {}

  /** A whole number from `from` to `to`. */
  pick(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  async start(jobMode: 'restart' | 'resume' = 'restart'): Promise<void> {
    this.#handle = await this.estate.temporal.workflow.start('migrateCategory', {
      taskQueue: 'migration',
      workflowId,
      args: [{ category, jobMode }],
    });
  }

  get run(): WorkflowHandle {
    if (this.#handle === undefined) throw new Error('The run was not started.');
    return this.#handle;
  }

  /** Arms faults in the activity worker. */
  async arm(...faults: readonly WorkerFault[]): Promise<void> {
    await this.order({ faults });
  }

  async order(order: Order): Promise<void> {
    await this.estate.workers.activities.send(order);
  }

  /** Runs `work`, in which an armed fault kills the activity worker; looks at the ledger before anything goes on. */
  async killedIn(work: () => Promise<unknown>): Promise<void> {
    const { activities } = this.estate.workers;
    const death = activities.dies();
    await work();
    const how = await death;
    if (how !== 'SIGKILL') throw new Error(`The worker ended by itself (${how}): ${activities.output}`);
    await this.requireLedger();
    await activities.up();
  }

  /** Kills the activity worker from outside, as `killedIn`. */
  async kill(): Promise<void> {
    await this.killedIn(async () => process.kill(this.estate.workers.activities.pid, 'SIGKILL'));
  }

  /** Is run when the run has ended, before anything is judged. */
  finally(tidy: () => Promise<unknown>): void {
    this.#finally.push(tidy);
  }

  /** Waits for parked chunks and sends `retry`. */
  async retryParked(): Promise<void> {
    while ((await this.#parked()).length === 0) await sleep(100);
    await this.#retry();
  }

  /** The ledger's invariant, with no worker there to mend anything. */
  async requireLedger(): Promise<void> {
    await this.estate.withTarget(async (target) => {
      for (let open = 1; open > 0; await sleep(50)) {
        const { rowCount } = await target.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'migrate' AND xact_start IS NOT NULL`,
        );
        open = rowCount ?? 0;
      }
      const { rows } = await target.query(`SELECT to_regclass('stage.cell_perf_stats') IS NOT NULL AS made`);
      const wrong = rows[0].made ? await ledgerViolations(target) : [];
      if (wrong.length > 0) throw new Error(`When the worker died: ${wrong.join('; ')}`);
    });
  }

  /** Waits until so many steps of the run are recorded. */
  async reached(steps: number): Promise<void> {
    const { firstExecutionRunId } = this.run as WorkflowHandle & { readonly firstExecutionRunId?: string };
    await this.estate.withTarget(async (target) => {
      for (let done = -1; done < steps; await sleep(20)) {
        // Nothing is there before the first run has opened.
        done = await target
          .query('SELECT count(*)::int AS n FROM migration_control.step WHERE run_id = $1', [
            firstExecutionRunId,
          ])
          .then(
            ({ rows }) => rows[0].n,
            () => -1,
          );
      }
    });
  }

  /** Waits for the end of the run, sending `retry` where chunks park, and starting it again where that is allowed. */
  async end(may: Point['end']): Promise<void> {
    const deadline = Date.now() + endWithinMs;
    let retries = 0;
    let resumes = 0;
    for (;;) {
      const status = await this.#status();
      if (status === 'COMPLETED') return;
      if (status !== 'RUNNING' && status !== 'UNKNOWN') {
        const cause = await this.#failure();
        if (may !== 'resume' || resumes > 0) throw new Error(`The run ended ${status}: ${cause}`);
        resumes += 1;
        this.notes.push(`started again after ${cause}`);
        await this.#removeAsToldBy(cause);
        await this.start('resume');
      }
      const parked = status === 'RUNNING' ? await this.#parked() : [];
      if (parked.length > 0) {
        if (may === undefined || retries > 1) throw new Error(`Chunks are parked: ${parked.join('; ')}`);
        retries += 1;
        this.notes.push(`retried ${parked.join('; ')}`);
        await this.#retry();
      }
      if (Date.now() > deadline) throw new Error(`The run did not end within ${endWithinMs / 1000} s.`);
      await sleep(150);
    }
  }

  /** Takes back what lasts. */
  async heal(): Promise<void> {
    for (const tidy of this.#finally.splice(0)) await tidy();
    for (const proxy of Object.values(this.estate.proxies)) await proxy.heal();
    if (this.estate.workers.activities.pid > 0) await this.order({});
  }

  async #retry(): Promise<void> {
    await this.run.signal('retry', { where: {} });
    // It is obeyed once nothing else is left to do.
    const deadline = Date.now() + obeyedWithinMs;
    while ((await this.#parked()).length > 0 && Date.now() < deadline) await sleep(100);
  }

  /** What an operator does about rows that were changed on their way, so that they are of no chunk any more. */
  async #removeAsToldBy(cause: string): Promise<void> {
    const [removal] = /DELETE FROM stage\.[^;]+/.exec(cause) ?? [];
    if (removal !== undefined) await this.estate.withTarget((target) => target.query(removal));
  }

  async #status(): Promise<string> {
    return this.run.describe().then(
      ({ status }) => status.name,
      () => 'UNKNOWN',
    );
  }

  async #failure(): Promise<string> {
    const error: unknown = await this.run.result().catch((caught: unknown) => caught);
    let cause = error;
    while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    const { type = '', message = '' } = cause as { readonly type?: string; readonly message?: string };
    return `${type} ${message}`.trim();
  }

  async #parked(): Promise<readonly string[]> {
    return this.estate
      .withTarget(async (target) => {
        const { rows } = await target.query<{ chunk: string }>(
          `SELECT concat_ws(' ', database, window_label, cause_code) AS chunk
             FROM migration_control.chunk WHERE state = 'NEEDS_ATTENTION' ORDER BY chunk_id`,
        );
        return rows.map(({ chunk }) => chunk);
      })
      .catch(() => []);
  }
}
