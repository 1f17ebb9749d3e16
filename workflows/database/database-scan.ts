import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities, DatabaseRef, ScanPage } from '../../activities/contract.js';
import { type Cause, causeOf } from '../cause-of.js';
import { resolveOptions, stepOptions } from '../options.js';

type Range = ScanPage['ranges'][number];

interface Reading {
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

const control = proxyActivities<Activities>({ ...resolveOptions, summary: 'one reading for all windows' });

/**
 * The one reading of a database for all of its windows (chunk.onePass): ranges of keys, each an activity that holds a
 * session at the source, and then the windows' manifests. Ranges that are read stay read, whoever goes on. Where one
 * cannot be read, the chunks that wait for it park with its cause.
 */
export class DatabaseScan {
  #state: 'unopened' | 'under' | 'over' = 'unopened';
  #waiting: readonly Range[] = [];
  readonly #reading = new Map<string, Reading>();
  #of = 0;
  #ending = false;
  #cause: Cause | undefined;

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
    if (this.#state !== 'over') return;
    this.#state = 'unopened';
    this.#cause = undefined;
  }

  /** Finds out what is to be read, where that is not known. */
  async open(): Promise<void> {
    if (this.#state !== 'unopened') return;
    const { open, of, ranges } = await control.openScan(this.database);
    this.#state = open ? 'under' : 'over';
    this.#of = of;
    this.#waiting = ranges;
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

  /** Cancels what is being read, to be started again. */
  interrupt(): void {
    for (const reading of this.#reading.values()) {
      reading.interrupted = true;
      reading.scope.cancel();
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
      if (this.#cause === undefined) await this.#publish();
      else await this.#park(this.#cause, false);
      this.#state = 'over';
    } finally {
      this.#ending = false;
    }
  }

  async #publish(): Promise<void> {
    const { publishScan } = proxyActivities<Activities>({
      ...stepOptions,
      summary: 'raw parts of all windows',
    });
    try {
      await publishScan(this.database);
    } catch (error) {
      if (isCancellation(error)) throw error;
      await this.#park(causeOf(error), true);
    }
  }

  async #park(cause: Cause, again: boolean): Promise<void> {
    await control.parkScan({ ...this.database, ...cause, again });
    this.events.parked();
  }
}
