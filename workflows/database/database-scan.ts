import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities, DatabaseRef, ScanPage } from '../../activities/contract.js';
import { type Cause, causeOf } from '../cause-of.js';
import { resolveOptions, stepOptions } from '../options.js';

type Range = ScanPage['ranges'][number];

/** An activity under way. */
interface Work {
  readonly scope: CancellationScope;
  /** Cancelled by a hold, and so to be started again. */
  interrupted: boolean;
}

export interface ScanEvents {
  /** Whatever may change what is to be done next. */
  readonly changed: () => void;
  /** The chunks that the scan was to read are parked. */
  readonly parked: () => void;
  /** What ends the database, once all else has ended. */
  readonly failed: (error: unknown) => void;
}

const control = proxyActivities<Activities>({
  ...resolveOptions,
  // Cancelled is only what has stopped writing.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  summary: 'one reading for all windows',
});

/**
 * The one reading of a database for all of its windows (chunk.onePass): ranges of keys, each an activity that holds a
 * session at the source, and then the windows' manifests. Ranges that are read stay read, whoever goes on. Where one
 * cannot be read, the chunks that wait for it park with its cause.
 */
export class DatabaseScan {
  #state: 'unopened' | 'under' | 'over' = 'unopened';
  #waiting: readonly Range[] = [];
  readonly #reading = new Map<string, Work>();
  /** The look at what is to be read, or the publication. */
  #atOnce: Work | undefined;
  #of = 0;
  #ending = false;
  #cause: Cause | undefined;
  /** A look that was asked for while the scan was under way. */
  #again = false;

  constructor(
    private readonly database: DatabaseRef,
    private readonly events: ScanEvents,
  ) {}

  /** Whether chunks have to wait for it. */
  get under(): boolean {
    return this.#state === 'under';
  }

  /** Sessions at the source. */
  get reading(): number {
    return this.#reading.size;
  }

  /** All that must come to its end before the workflow may. */
  get size(): number {
    return this.#reading.size + (this.#ending ? 1 : 0);
  }

  get waiting(): number {
    return this.#cause === undefined ? this.#waiting.length : 0;
  }

  /** For the Web UI; empty where there is nothing to tell. */
  get text(): string {
    if (!this.under) return '';
    const read = this.#of - this.#waiting.length - this.#reading.size;
    return `one reading for all windows: ${read} of ${this.#of} ranges read, ${this.#reading.size} being read; `;
  }

  /** Parked chunks may be pending once more, and what is left of the scan with them. */
  lookAgain(): void {
    this.#again = true;
    this.#lookIfOver();
  }

  /** Finds out what is to be read, where that is not known; a hold ends it without an answer. */
  async open(): Promise<void> {
    if (this.#state !== 'unopened') return;
    this.#again = false;
    const page = await this.#interruptible(() => control.openScan(this.database));
    if (page === undefined) return;
    this.#state = page.open ? 'under' : 'over';
    this.#of = page.of;
    this.#waiting = page.ranges;
    this.#lookIfOver();
    this.events.changed();
  }

  /** Starts the next range, if there may be a session for it, or, when all are read, the end; false for neither. */
  startNext(mayRead: boolean): boolean {
    const [next, ...rest] = this.#waiting;
    if (this.#cause === undefined && next !== undefined) {
      if (!mayRead) return false;
      this.#waiting = rest;
      this.#follow(this.#read(next));
      return true;
    }
    if (this.size > 0) return false;
    this.#ending = true;
    this.#follow(this.#end());
    return true;
  }

  /** Cancels what is under way, to be started again. */
  interrupt(): void {
    for (const work of [...this.#reading.values(), ...(this.#atOnce === undefined ? [] : [this.#atOnce])]) {
      work.interrupted = true;
      work.scope.cancel();
    }
  }

  #lookIfOver(): void {
    if (!this.#again || this.#state !== 'over') return;
    this.#again = false;
    this.#state = 'unopened';
    this.#cause = undefined;
  }

  /** Undefined where a hold has cut it off. */
  async #interruptible<T>(activity: () => Promise<T>): Promise<T | undefined> {
    const work = { scope: new CancellationScope(), interrupted: false };
    this.#atOnce = work;
    try {
      return await work.scope.run(activity);
    } catch (error) {
      if (!work.interrupted || CancellationScope.current().consideredCancelled) throw error;
      return undefined;
    } finally {
      this.#atOnce = undefined;
    }
  }

  #follow(work: Promise<void>): void {
    void work.catch((error: unknown) => this.events.failed(error)).then(() => this.events.changed());
  }

  async #read(range: Range): Promise<void> {
    const { runId, target, server, database } = this.database;
    const reading = { scope: new CancellationScope(), interrupted: false };
    this.#reading.set(range.rangeId, reading);
    const summary = `range of ${target} ${server}/${database} ${range.name}`;
    const { scanRange } = proxyActivities<Activities>({ ...stepOptions, summary });
    try {
      await reading.scope.run(() => scanRange({ runId, rangeId: range.rangeId }));
    } catch (error) {
      // Only the database's own cancellation ends it.
      if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
      this.#waiting = [range, ...this.#waiting];
      if (!reading.interrupted) this.#cause ??= causeOf(error);
    } finally {
      this.#reading.delete(range.rangeId);
    }
  }

  async #end(): Promise<void> {
    try {
      if (this.#cause !== undefined) await this.#park(this.#cause, false);
      else if (!(await this.#publish())) return;
      this.#state = 'over';
      // A retry may have come before the answer to the parking.
      this.#lookIfOver();
    } finally {
      this.#ending = false;
    }
  }

  /** False where a hold has cut it off. */
  async #publish(): Promise<boolean> {
    const { publishScan } = proxyActivities<Activities>({
      ...stepOptions,
      summary: 'raw parts of all windows',
    });
    try {
      return (await this.#interruptible(() => publishScan(this.database))) !== undefined;
    } catch (error) {
      if (isCancellation(error)) throw error;
      await this.#park(causeOf(error), true);
      return true;
    }
  }

  async #park(cause: Cause, again: boolean): Promise<void> {
    await control.parkScan({ ...this.database, ...cause, again });
    this.events.parked();
  }
}
