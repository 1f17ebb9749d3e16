import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, DatabaseId } from '../activities/contract.js';
import { reportToGate } from './category/gates.js';
import { causeOf } from './cause-of.js';
import { LeaseHolder, type LeaseHolderState } from './leases/lease-holder.js';
import {
  type DatabaseControls,
  databaseControlsSignal,
  type GateTerms,
  haltSignal,
  leaseReportSignal,
  leaseSignal,
  revisitSignal,
  totalLessor,
  workflowIds,
} from './messages.js';
import { migrateChunk } from './migrate-chunk.js';
import { chunkPageSize, controlOptions, maxChunksInFlight, maxHistoryEvents } from './options.js';
import { takingOver } from './taking-over.js';

export interface MigrateDatabaseInput extends DatabaseId {
  readonly runId: string;
  readonly category: string;
  /** Of the server's gate, and the terms on which to start it again should it be gone. */
  readonly endpoint: string;
  readonly terms: GateTerms;
  readonly controls: DatabaseControls;
  /** Where an earlier execution of this run stopped. */
  readonly carried?: {
    readonly afterOrdinal: number;
    readonly gate: LeaseHolderState;
    readonly total: LeaseHolderState;
  };
}

export interface DatabaseOutcome {
  /** Ended because it was told to, with chunks left. */
  readonly yielded: boolean;
}

interface Chunk {
  readonly chunkId: string;
  readonly ordinal: number;
  readonly window: string;
}
interface InFlight {
  readonly scope: CancellationScope;
  child?: ChildWorkflowHandle<typeof migrateChunk>;
  /** Told to end after its running step. */
  halted: boolean;
  /** Cancelled by a hold, and so to be started again. */
  interrupted: boolean;
}

const control = proxyActivities<Activities>(controlOptions);

/**
 * Keeps as many migrateChunk children running as its leases allow, in the order of the plan. A chunk that fails is
 * parked and never blocks another. Continues as new by cursor, with nothing in flight.
 */
export async function migrateDatabase(input: MigrateDatabaseInput): Promise<DatabaseOutcome> {
  return new DatabaseRun(input).run();
}

class DatabaseRun {
  readonly #gate: LeaseHolder;
  readonly #total: LeaseHolder;
  readonly #inFlight = new Map<string, InFlight>();
  #controls: DatabaseControls;
  #page: readonly Chunk[] = [];
  #exhausted = false;
  #afterOrdinal: number;
  #failure: { readonly error: unknown } | undefined;
  #news = false;
  #ended = { done: 0, parked: 0 };

  constructor(private readonly input: MigrateDatabaseInput) {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    const self = { workflowId, firstRunId: firstExecutionRunId };
    this.#gate = new LeaseHolder(self, false, input.carried?.gate);
    this.#total = new LeaseHolder(self, false, input.carried?.total);
    this.#controls = input.controls;
    if (input.controls.capped && input.carried === undefined) this.#total.introduce();
    this.#afterOrdinal = input.carried?.afterOrdinal ?? -1;
    setHandler(databaseControlsSignal, (controls) => {
      if (controls.version < this.#controls.version) return;
      if (controls.capped && !this.#controls.capped) this.#total.introduce();
      this.#controls = controls;
      this.#news = true;
    });
    setHandler(leaseSignal, (lease) => {
      (lease.lessor === totalLessor ? this.#total : this.#gate).take(lease);
      this.#news = true;
    });
    setHandler(revisitSignal, () => this.#lookAgain(-1));
  }

  async run(): Promise<DatabaseOutcome> {
    let again = false;
    try {
      again = (await this.#copy()) === 'again';
    } catch (error) {
      this.#failure ??= { error };
    }
    // Also when cancelled: children end by themselves, and closing before them would terminate them instead.
    await CancellationScope.nonCancellable(() =>
      condition(() => this.#inFlight.size === 0 && allHandlersFinished()),
    );
    if (again && this.#failure === undefined) return this.#continue();
    await CancellationScope.nonCancellable(() => this.#leave());
    if (this.#failure !== undefined) throw this.#failure.error;
    return { yielded: this.#left };
  }

  async #copy(): Promise<'ended' | 'again'> {
    for (;;) {
      this.#news = false;
      await this.#hold();
      if (this.#mayGoOn && this.#page.length === 0 && !this.#exhausted) await this.#readPage();
      await this.#report();
      if (this.#failure !== undefined) return 'ended';
      if (this.#mayGoOn && this.#page.length > 0 && this.#inFlight.size < this.#allowed) {
        this.#startNext();
        continue;
      }
      if (this.#inFlight.size === 0 && !this.#news) {
        if (!this.#left || this.#controls.yield) return 'ended';
        if (this.#full) return 'again';
      }
      await condition(() => this.#news);
    }
  }

  get #left(): boolean {
    return !this.#exhausted || this.#page.length > 0;
  }

  /** Whether the history is long enough to go on in a new one. */
  get #full(): boolean {
    const info = workflowInfo();
    return info.continueAsNewSuggested || info.historyLength > maxHistoryEvents;
  }

  get #mayGoOn(): boolean {
    const { hold, yield: yields } = this.#controls;
    return hold === undefined && !yields && !this.#full;
  }

  get #allowed(): number {
    const { capped } = this.#controls;
    return Math.min(this.#gate.permits, capped ? this.#total.permits : maxChunksInFlight, maxChunksInFlight);
  }

  /** Tells the lessors what could be used now, so that what cannot be goes to others. */
  async #report(): Promise<void> {
    const holding = this.#inFlight.size;
    const { hold, yield: yields, capped } = this.#controls;
    const rest = this.#exhausted ? this.#page.length : maxChunksInFlight;
    const wanted = hold === undefined && !yields ? Math.min(holding + rest, maxChunksInFlight) : holding;
    const ofTotal = capped ? this.#total.report(wanted, holding) : undefined;
    if (ofTotal !== undefined)
      await getExternalWorkflowHandle(workflowIds.category(this.input.category)).signal(
        leaseReportSignal,
        ofTotal,
      );
    const ofGate = this.#gate.report(
      capped ? Math.min(wanted, Math.max(this.#total.permits, holding)) : wanted,
      holding,
    );
    if (ofGate !== undefined) await reportToGate(this.input.endpoint, this.input.terms, ofGate);
  }

  async #hold(): Promise<void> {
    const { hold, yield: yields } = this.#controls;
    if (hold === 'now') {
      for (const chunk of this.#inFlight.values()) {
        chunk.interrupted = true;
        chunk.scope.cancel();
      }
      return;
    }
    const halt = hold !== undefined || yields === true;
    await Promise.all([...this.#inFlight.values()].map((chunk) => tellHalt(chunk, halt)));
  }

  #startNext(): void {
    const [next, ...rest] = this.#page;
    if (next === undefined) return;
    this.#page = rest;
    this.#afterOrdinal = next.ordinal;
    this.#start(next);
  }

  async #readPage(): Promise<void> {
    // What ends while the list is on its way is in it still.
    const excluded = new Set(this.#inFlight.keys());
    const { runId, target, server, database } = this.input;
    const after = this.#afterOrdinal;
    const { chunks } = await control.listChunks({
      ...{ runId, target, server, database },
      afterOrdinal: after,
      limit: chunkPageSize + excluded.size,
    });
    // Somebody has sent the cursor back meanwhile: this list begins too late.
    if (this.#afterOrdinal !== after) return;
    this.#page = chunks.filter(({ chunkId }) => !excluded.has(chunkId)).slice(0, chunkPageSize);
    this.#exhausted = chunks.length < chunkPageSize + excluded.size;
  }

  #start(chunk: Chunk): void {
    const entry: InFlight = { scope: new CancellationScope(), halted: false, interrupted: false };
    this.#inFlight.set(chunk.chunkId, entry);
    void this.#run(chunk, entry)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#inFlight.delete(chunk.chunkId);
        this.#news = true;
        const { done, parked } = this.#ended;
        setCurrentDetails(
          `${done} chunks done by this execution, ${parked} parked, ${this.#inFlight.size} in flight`,
        );
      });
  }

  async #run(chunk: Chunk, entry: InFlight): Promise<void> {
    try {
      const { halted } = await entry.scope.run(() => this.#child(chunk, entry));
      if (halted) this.#lookAgain(chunk.ordinal - 1);
      else this.#ended.done += 1;
    } catch (error) {
      if (isCancellation(error)) {
        // Only the database's own cancellation ends it; one chunk cancelled by hand parks.
        if (CancellationScope.current().consideredCancelled) throw error;
        if (entry.interrupted) return this.#lookAgain(chunk.ordinal - 1);
      }
      await control.parkChunk({ runId: this.input.runId, chunkId: chunk.chunkId, ...causeOf(error) });
      this.#ended.parked += 1;
    }
  }

  async #child({ chunkId, window }: Chunk, entry: InFlight): Promise<{ readonly halted: boolean }> {
    const { runId, category, target, server, database } = this.input;
    const child = await takingOver(() =>
      startChild(migrateChunk, {
        workflowId: workflowIds.chunk(category, this.input, window),
        args: [{ runId, target, server, database, chunkId, window }],
        staticSummary: `${target} ${server}/${database} ${window}`,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      }),
    );
    entry.child = child;
    // It may have to be told of a hold that came while it was being started.
    if (this.#controls.hold !== undefined) this.#news = true;
    return child.result();
  }

  #lookAgain(afterOrdinal: number): void {
    this.#afterOrdinal = Math.min(this.#afterOrdinal, afterOrdinal);
    this.#page = [];
    this.#exhausted = false;
    this.#news = true;
  }

  #continue(): Promise<never> {
    return continueAsNew<typeof migrateDatabase>({
      ...this.input,
      controls: this.#controls,
      carried: { afterOrdinal: this.#afterOrdinal, gate: this.#gate.state, total: this.#total.state },
    });
  }

  async #leave(): Promise<void> {
    const leave = this.#gate.report(0, 0);
    if (leave !== undefined) await reportToGate(this.input.endpoint, this.input.terms, leave);
  }
}

async function tellHalt(chunk: InFlight, halt: boolean): Promise<void> {
  if (chunk.child === undefined || chunk.halted === halt) return;
  chunk.halted = halt;
  // One that has just ended needs no telling.
  await chunk.child.signal(haltSignal, halt).catch(() => undefined);
}
