import {
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  condition,
  isCancellation,
  log,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import type { DatabaseId, MemberRef, Pass } from '../../activities/contract.js';
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
import type { Wholes } from './wholes.js';

interface Running {
  readonly database: DatabaseId;
  readonly pass: Pass;
  readonly child: ChildWorkflowHandle<typeof migrateDatabase>;
  readonly member: MemberRef;
  told: DatabaseControls;
}

/** The databases of a run that are being copied: a child each, told of every pause and share. */
export class Databases {
  readonly #running = new Map<string, Running>();
  readonly #starting = new Set<string>();
  readonly #pending: Map<string, DatabaseId>;
  /** To be copied once more when what runs of them has ended. */
  readonly #again = new Set<string>();
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
    private readonly all: readonly DatabaseId[],
    pending: readonly DatabaseId[],
    private readonly wholes: Wholes,
    private readonly onChange: (running: number, left: number) => void,
  ) {
    this.#pending = new Map(pending.map((database) => [keyOf(database), database]));
    wholes.listen({
      copy: (databases) => {
        for (const database of databases) this.#pending.set(keyOf(database), database);
      },
      changed: () => this.nudge(),
      failed: (error) => this.#fail(error),
    });
    setHandler(leaseReportSignal, (report) => {
      this.#total.report(report);
      this.#news = true;
    });
  }

  /** Those that are not copied to their end. */
  get pending(): readonly DatabaseId[] {
    return this.all.filter((database) => this.#isPending(keyOf(database)));
  }

  #isPending(key: string): boolean {
    return this.#running.has(key) || this.#starting.has(key) || this.#pending.has(key);
  }

  get yielding(): boolean {
    return this.#yielding;
  }

  /** Whether chunks wait for what is parked of their whole. */
  get waiting(): boolean {
    return this.wholes.waiting;
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
    const key = keyOf(database);
    this.wholes.begin(database);
    const running = this.#running.get(key);
    if (
      running !== undefined &&
      running.pass !== 'load' &&
      (await delivered(() => running.child.signal(revisitSignal)))
    )
      return;
    if (this.#running.has(key) || this.#starting.has(key)) this.#again.add(key);
    else this.#pending.set(key, database);
    this.#news = true;
  }

  /** All of them once more: chunks are pending that nobody knows of. */
  copyAgain(): void {
    for (const database of this.all) {
      this.wholes.begin(database);
      this.#pending.set(keyOf(database), database);
    }
  }

  /** Copies until no database is pending, or all have yielded. Throws what ended one, once the others have ended too. */
  async copy(): Promise<void> {
    this.wholes.ask();
    try {
      await this.#copy();
    } catch (error) {
      // Also when cancelled: closing before the databases would terminate them in the middle of their chunks.
      await CancellationScope.nonCancellable(() => condition(() => this.#idle));
      throw error;
    } finally {
      this.onChange(0, this.#pending.size);
    }
    if (this.#failed) throw this.#failure;
  }

  get #idle(): boolean {
    return this.#running.size + this.#starting.size === 0 && !this.wholes.busy;
  }

  async #copy(): Promise<void> {
    for (;;) {
      this.#news = false;
      await this.#tell();
      const stop = this.#ending || this.#failed;
      this.wholes.advance(stop, (database) => !this.#isPending(keyOf(database)));
      if (this.#idle && (stop || (this.#pending.size === 0 && !this.wholes.due))) return;
      for (const [key, database] of this.#pending) {
        if (stop || this.#running.size + this.#starting.size >= maxDatabasesInFlight) break;
        const pass = this.wholes.passOf(database);
        if (pass === undefined) continue;
        this.#pending.delete(key);
        this.#start(key, database, pass);
      }
      this.onChange(this.#running.size + this.#starting.size, this.pending.length);
      await condition(() => this.#news);
    }
  }

  #start(key: string, database: DatabaseId, pass: Pass): void {
    this.#starting.add(key);
    void this.#run(key, database, pass)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#news = true;
      });
  }

  #fail(error: unknown): void {
    if (!this.#failed) this.#failure = error;
    this.#failed = true;
    this.#yielding = true;
  }

  async #run(key: string, database: DatabaseId, pass: Pass): Promise<void> {
    const running = await this.#begin(database, pass).finally(() => this.#starting.delete(key));
    this.#running.set(key, running);
    this.#news = true;
    try {
      const { yielded } = await running.child.result();
      if (yielded || this.#again.has(key)) this.#pending.set(key, database);
    } finally {
      this.#again.delete(key);
      this.#running.delete(key);
      this.#total.remove(running.member);
    }
  }

  async #begin(database: DatabaseId, pass: Pass): Promise<Running> {
    const { category, runId } = this;
    const told = this.#controlsOf(database);
    const { endpoint, terms } = this.gates.termsOf(database.server);
    const child = await takingOver(() =>
      startChild(migrateDatabase, {
        workflowId: workflowIds.database(category, database),
        args: [{ runId, category, ...database, pass, endpoint, terms, controls: told }],
        staticSummary: `${database.target} from ${database.server}/${database.database}`,
        staticDetails:
          'Copies one source database, chunk by chunk. Steer it through the category that it belongs to.',
        typedSearchAttributes: databaseAttributes(category, database),
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      }),
    );
    const member = { workflowId: child.workflowId, firstRunId: child.firstExecutionRunId };
    return { database, pass, child, member, told };
  }

  async #tell(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#tellControls(running)));
    const { total } = this.controls.state;
    // One that is being started counts for nothing yet, and may not know of the total.
    if (total !== undefined && this.#starting.size === 0) this.#total.allocate(total);
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
