import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, DatabaseId, Pass } from '../activities/contract.js';
import { ignoreCancellation } from './category/holding.js';
import { ChunksInFlight } from './database/chunks-in-flight.js';
import { DatabaseScan } from './database/database-scan.js';
import { type Chunk, PendingChunks } from './database/pending-chunks.js';
import { reportToGate } from './gate/gate-client.js';
import { LeaseHolder, type LeaseHolderState } from './leases/lease-holder.js';
import {
  type DatabaseControls,
  databaseControlsSignal,
  exportedSignal,
  type GateTerms,
  leaseReportSignal,
  leaseSignal,
  revisitSignal,
  totalLessor,
  workflowIds,
} from './messages.js';
import {
  chunksPerPermit,
  controlOptions,
  maxChunksInFlight,
  maxChunksLoading,
  maxHistoryEvents,
  reminderMs,
} from './options.js';

export interface MigrateDatabaseInput extends DatabaseId {
  readonly runId: string;
  readonly category: string;
  /** Which steps of the chunks this is for. */
  readonly pass: Pass;
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

const control = proxyActivities<Activities>({ ...controlOptions, summary: 'next chunks' });

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
  readonly #pending: PendingChunks;
  readonly #inFlight: ChunksInFlight;
  readonly #scan: DatabaseScan;
  #controls: DatabaseControls;
  #failure: { readonly error: unknown } | undefined;
  #news = false;
  readonly #reminding = new CancellationScope();

  constructor(private readonly input: MigrateDatabaseInput) {
    const { runId, target, server, database, category, pass, carried } = input;
    const { workflowId, firstExecutionRunId } = workflowInfo();
    const self = { workflowId, firstRunId: firstExecutionRunId };
    this.#gate = new LeaseHolder(self, false, carried?.gate);
    this.#total = new LeaseHolder(self, false, carried?.total);
    const ref = { runId, target, server, database };
    this.#pending = new PendingChunks(
      (page) => control.listChunks({ ...ref, pass, ...page }),
      carried?.afterOrdinal ?? -1,
    );
    const changed = (): void => this.#changed();
    const failed = (error: unknown): void => {
      this.#failure ??= { error };
    };
    const again = ({ ordinal }: Chunk): void => this.#pending.lookAgain(ordinal - 1);
    this.#inFlight = new ChunksInFlight(category, ref, { changed, again, failed });
    this.#scan = new DatabaseScan(ref, { changed, parked: () => this.#pending.lookAgain(-1), failed });
    this.#controls = input.controls;
    if (input.controls.capped && carried === undefined) this.#total.introduce();
    this.#listen();
  }

  async run(): Promise<DatabaseOutcome> {
    let again = false;
    void this.#reminding.run(() => this.#remind()).catch(ignoreCancellation);
    try {
      again = (await this.#copy()) === 'again';
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#reminding.cancel();
    // Also when cancelled: children end by themselves, and closing before them would terminate them instead.
    await CancellationScope.nonCancellable(() => condition(() => this.#idle && allHandlersFinished()));
    if (again && this.#failure === undefined) return this.#continue();
    await CancellationScope.nonCancellable(() => this.#leave());
    if (this.#failure !== undefined) throw this.#failure.error;
    return { yielded: this.#pending.left };
  }

  #listen(): void {
    setHandler(databaseControlsSignal, (controls) => {
      if (controls.version < this.#controls.version) return;
      if (controls.capped && !this.#controls.capped) this.#total.introduce();
      this.#controls = controls;
      // Here and not in the loop, which may be waiting for a control table that does not answer.
      if (controls.hold === 'now') {
        this.#inFlight.interrupt();
        this.#scan.interrupt();
      }
      this.#changed();
    });
    setHandler(leaseSignal, (lease) => {
      (lease.lessor === totalLessor ? this.#total : this.#gate).take(lease);
      this.#changed();
    });
    setHandler(exportedSignal, (chunkId) => {
      this.#inFlight.exported(chunkId);
      this.#changed();
    });
    setHandler(revisitSignal, () => {
      this.#pending.lookAgain(-1);
      this.#scan.lookAgain();
      this.#changed();
    });
  }

  async #copy(): Promise<'ended' | 'again'> {
    for (;;) {
      this.#news = false;
      await this.#inFlight.hold(this.#controls);
      if (this.#mayGoOn) await this.#pending.read(this.#inFlight.ids);
      if (this.#mayGoOn && this.#pending.onePass) await this.#scan.open();
      await this.#report();
      if (this.#failure !== undefined) return 'ended';
      if (this.#mayGoOn && this.#startNext()) continue;
      if (this.#idle && !this.#news) {
        if (!this.#pending.left || this.#controls.yield) return 'ended';
        if (this.#full) return 'again';
      }
      await condition(() => this.#news);
    }
  }

  /** False where nothing is left, or may be started now. */
  #startNext(): boolean {
    if (this.#scan.under) return this.#scan.startNext(this.#exporting < this.#permits);
    if (!this.#pending.ready || !this.#hasRoom) return false;
    const next = this.#pending.take();
    if (next !== undefined) this.#inFlight.start(next);
    return true;
  }

  get #idle(): boolean {
    return this.#inFlight.size + this.#scan.size === 0;
  }

  /** Sessions at the source. */
  get #exporting(): number {
    return this.#inFlight.exporting + this.#scan.reading;
  }

  get #permits(): number {
    return Math.min(this.#gate.permits, this.#controls.capped ? this.#total.permits : Infinity);
  }

  get #mayGoOn(): boolean {
    const { hold, yield: yields } = this.#controls;
    return hold === undefined && !yields && !this.#full;
  }

  /** Whether the history is long enough to go on in a new one. */
  get #full(): boolean {
    const info = workflowInfo();
    return info.continueAsNewSuggested || info.historyLength > maxHistoryEvents;
  }

  /** Leases bound the exports; what is exported already and waits for the steps behind is bounded by them in turn. */
  get #hasRoom(): boolean {
    if (!this.#reads) return this.#inFlight.size < maxChunksLoading;
    const permits = this.#permits;
    const most = Math.min(permits * chunksPerPermit, maxChunksInFlight);
    return this.#exporting < permits && this.#inFlight.size < most;
  }

  /** Whether the pass takes sessions at the source. */
  get #reads(): boolean {
    return this.input.pass !== 'load';
  }

  /** What could take a session now; as many chunks as may be in flight while they are not counted. */
  get #waiting(): number {
    return this.#scan.under ? this.#scan.waiting : (this.#pending.known ?? maxChunksInFlight);
  }

  /** Tells the lessors what could be used now, so that what cannot be goes to others. */
  async #report(): Promise<void> {
    const { category, endpoint, terms } = this.input;
    const { capped } = this.#controls;
    const holding = this.#exporting;
    const rest = this.#reads ? this.#waiting : 0;
    const wanted = this.#mayGoOn ? Math.min(holding + rest, maxChunksInFlight) : holding;
    const ofTotal = capped ? this.#total.report(wanted, holding) : undefined;
    if (ofTotal !== undefined)
      await getExternalWorkflowHandle(workflowIds.category(category)).signal(leaseReportSignal, ofTotal);
    const usable = capped ? Math.min(wanted, Math.max(this.#total.permits, holding)) : wanted;
    const ofGate = this.#gate.report(usable, holding);
    if (ofGate !== undefined) await reportToGate(endpoint, terms, ofGate);
  }

  /** A gate that somebody has terminated knows nothing of us, and would never tell. */
  async #remind(): Promise<never> {
    for (;;) {
      await sleep(reminderMs);
      this.#gate.repeat();
      this.#news = true;
    }
  }

  #changed(): void {
    this.#news = true;
    const { done, parked } = this.#inFlight.ended;
    setCurrentDetails(
      `${this.#scan.text}${done} chunks done by this execution, ${parked} parked; ${this.#inFlight.size} in flight, ` +
        `${this.#exporting} of ${this.#gate.permits} sessions at the source`,
    );
  }

  #continue(): Promise<never> {
    return continueAsNew<typeof migrateDatabase>({
      ...this.input,
      controls: this.#controls,
      carried: { afterOrdinal: this.#pending.cursor, gate: this.#gate.state, total: this.#total.state },
    });
  }

  async #leave(): Promise<void> {
    const leave = this.#gate.report(0, 0);
    if (leave !== undefined) await reportToGate(this.input.endpoint, this.input.terms, leave);
  }
}
