import {
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  condition,
  isCancellation,
  log,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import type { DatabaseId, MemberRef } from '../../activities/contract.js';
import { Leases } from '../leases/leases.js';
import {
  type DatabaseControls,
  databaseControlsSignal,
  leaseReportSignal,
  leaseSignal,
  revisitSignal,
  totalLessor,
  workflowIds,
} from '../messages.js';
import { migrateDatabase } from '../migrate-database.js';
import { maxDatabasesInFlight } from '../options.js';
import { databaseAttributes } from '../search-attributes.js';
import { takingOver } from '../taking-over.js';
import type { Controls } from './controls.js';
import type { Gates } from './gates.js';

interface Running {
  readonly database: DatabaseId;
  readonly child: ChildWorkflowHandle<typeof migrateDatabase>;
  readonly member: MemberRef;
  told: DatabaseControls;
}

/** The databases of a run that are being copied: a child each, told of every pause and share. */
export class Databases {
  readonly #running = new Map<string, Running>();
  #starting = 0;
  #pending: DatabaseId[];
  #failure: unknown;
  #failed = false;
  #news = true;
  #yielding = false;
  #total = new Leases({ lessor: totalLessor, members: [] });

  constructor(
    private readonly category: string,
    private readonly runId: string,
    private readonly controls: Controls,
    private readonly gates: Gates,
    pending: readonly DatabaseId[],
    private readonly onChange: (running: number, left: number) => void,
  ) {
    this.#pending = [...pending];
    setHandler(leaseReportSignal, (report) => {
      this.#total.report(report);
      this.#news = true;
    });
  }

  /** Those that are not copied to their end. */
  get pending(): readonly DatabaseId[] {
    return [...[...this.#running.values()].map(({ database }) => database), ...this.#pending];
  }

  get yielding(): boolean {
    return this.#yielding;
  }

  /** Has changed controls passed on. */
  nudge(): void {
    this.#news = true;
  }

  /** Ends all of them with nothing in flight, as soon as running steps allow; `copy` then returns. */
  yield(): void {
    this.#yielding = true;
    this.#news = true;
  }

  /** Makes a database look for pending chunks once more, whether it still runs or not. */
  async revisit(database: DatabaseId): Promise<void> {
    const running = this.#running.get(keyOf(database));
    if (running !== undefined && (await delivered(() => running.child.signal(revisitSignal)))) return;
    if (!this.#pending.some((candidate) => keyOf(candidate) === keyOf(database)))
      this.#pending.push(database);
    this.#news = true;
  }

  /** Copies until no database is pending, or all have yielded. Throws what ended one, once the others have ended too. */
  async copy(): Promise<void> {
    for (;;) {
      this.#news = false;
      await this.#tell();
      const idle = this.#running.size + this.#starting === 0;
      const stop = this.#ending || this.#failed;
      if (idle && (stop || this.#pending.length === 0)) break;
      while (!stop && this.#running.size + this.#starting < maxDatabasesInFlight) {
        const next = this.#pending.shift();
        if (next === undefined) break;
        this.#start(next);
      }
      this.onChange(this.#running.size + this.#starting, this.pending.length + this.#starting);
      await condition(() => this.#news);
    }
    this.onChange(0, this.#pending.length);
    if (this.#failed) throw this.#failure;
  }

  #start(database: DatabaseId): void {
    this.#starting += 1;
    void this.#run(database)
      .catch((error: unknown) => {
        if (!this.#failed) this.#failure = error;
        this.#failed = true;
        this.#yielding = true;
      })
      .finally(() => {
        this.#news = true;
      });
  }

  async #run(database: DatabaseId): Promise<void> {
    const { category, runId } = this;
    let running: Running;
    try {
      const told = this.#controlsOf(database);
      const { endpoint, terms } = this.gates.termsOf(database.server);
      const child = await takingOver(() =>
        startChild(migrateDatabase, {
          workflowId: workflowIds.database(category, database),
          args: [{ runId, category, ...database, endpoint, terms, controls: told }],
          staticSummary: `${database.target} from ${database.server}/${database.database}`,
          staticDetails:
            'Copies one source database, chunk by chunk. Steer it through the category that it belongs to.',
          typedSearchAttributes: databaseAttributes(category, database),
          cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        }),
      );
      const member = { workflowId: child.workflowId, firstRunId: child.firstExecutionRunId };
      running = { database, child, member, told };
    } finally {
      this.#starting -= 1;
    }
    this.#running.set(keyOf(database), running);
    this.#news = true;
    try {
      const { yielded } = await running.child.result();
      if (yielded) this.#pending.unshift(database);
    } finally {
      this.#running.delete(keyOf(database));
      this.#total.remove(running.member);
    }
  }

  async #tell(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#tellControls(running)));
    const { total } = this.controls.state;
    // One that is being started counts for nothing yet, and may not know of the total.
    if (total !== undefined && this.#starting === 0) this.#total.allocate(total);
    else if (total === undefined && this.#total.members.length > 0)
      this.#total = new Leases({ lessor: totalLessor, members: [] });
    await Promise.all(
      this.#total.takeUnsent().map(({ to, lease }) => {
        const running = [...this.#running.values()].find(({ member }) => member.workflowId === to.workflowId);
        return running && delivered(() => running.child.signal(leaseSignal, lease));
      }),
    );
  }

  async #tellControls(running: Running): Promise<void> {
    const controls = this.#controlsOf(running.database);
    const { hold, yield: yields, capped } = running.told;
    if (hold === controls.hold && yields === controls.yield && capped === controls.capped) return;
    if (controls.capped && !capped) this.#total.expect(running.member);
    running.told = controls;
    await delivered(() => running.child.signal(databaseControlsSignal, controls));
  }

  get #ending(): boolean {
    return this.#yielding || this.controls.state.stopping !== undefined;
  }

  #controlsOf(database: DatabaseId): DatabaseControls {
    const { version, total } = this.controls.state;
    const hold = this.controls.holdOf(database);
    return {
      version,
      ...(hold !== undefined && { hold }),
      ...(this.#ending && { yield: true }),
      ...(total !== undefined && { capped: true }),
    };
  }
}

/** False where the child has just ended, which its result will tell. */
async function delivered(send: () => Promise<void>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.debug('not delivered: the database has just ended');
    return false;
  }
}

function keyOf({ target, server, database }: DatabaseId): string {
  return `${target}/${server}/${database}`;
}
