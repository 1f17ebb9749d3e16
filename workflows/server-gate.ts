import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, MemberRef } from '../activities/contract.js';
import { causeOf } from './cause-of.js';
import { ServerLimit, type ServerLimitState } from './gate/server-limit.js';
import { Leases, type LeasesState, same } from './leases/leases.js';
import {
  type GateStatus,
  type GateTerms,
  gateLimitSignal,
  gateStatusQuery,
  joinGateSignal,
  leaseReportSignal,
  leaseSignal,
  leaveGateSignal,
  type ServerState,
  serverStateSignal,
} from './messages.js';
import { controlOptions, gateTimes, maxHistoryEvents, watchOptions } from './options.js';

interface ServerGateInput {
  /** `host:port` of the source server. */
  readonly endpoint: string;
  readonly carried?: { readonly limit: ServerLimitState; readonly leases: LeasesState };
}

const control = proxyActivities<Activities>(controlOptions);
const watching = proxyActivities<Activities>(watchOptions);

/**
 * Owns the limit of one source server for every category that reads it, and leases permits to their workflows.
 * Started by the first category that joins; ends when the last has left.
 */
export async function serverGate(input: ServerGateInput): Promise<void> {
  await new ServerGate(input).run();
}

class ServerGate {
  readonly #limit: ServerLimit;
  readonly #leases: Leases;
  readonly #seen = new Map<string, string>();
  #news = true;
  #recorded: number | undefined;
  #recording = false;
  #checking = false;
  #guardScope: CancellationScope | undefined;
  #guardRunning = false;
  /** On whose terms, and which, the guard runs. */
  #watched: GateTerms | undefined;
  /** Instants in workflow time, in milliseconds. */
  #nextCheck = Date.now() + gateTimes.checkMs;
  #nextRotation = Date.now() + gateTimes.rotateMs;
  #nextRecord = 0;
  /** Members known to have ended, until their last sessions are surely gone. */
  #ended: { readonly ref: MemberRef; readonly freeAt: number }[] = [];

  constructor(private readonly input: ServerGateInput) {
    this.#limit = new ServerLimit(input.carried?.limit ?? { terms: [] });
    this.#leases = new Leases(input.carried?.leases ?? { lessor: input.endpoint, members: [] });
    setHandler(joinGateSignal, (terms) => {
      this.#limit.join(terms);
      // A category that starts anew while its last run is still a member: that one was terminated.
      this.#nextCheck = Math.min(this.#nextCheck, Date.now() + gateTimes.soonMs);
      this.#news = true;
    });
    setHandler(leaveGateSignal, (category) => {
      this.#limit.leave(category);
      this.#news = true;
    });
    setHandler(gateLimitSignal, (limit) => {
      this.#limit.set(limit);
      this.#news = true;
    });
    setHandler(leaseReportSignal, (report) => {
      this.#leases.report(report);
      this.#news = true;
    });
    setHandler(gateStatusQuery, () => this.#status());
  }

  async run(): Promise<void> {
    for (;;) {
      this.#news = false;
      this.#keepTime();
      this.#watch();
      this.#record();
      this.#leases.allocate(this.#capacity);
      this.#show();
      await this.#tell();
      const info = workflowInfo();
      // Never waits for a quiet moment: a busy gate has none.
      if ((info.continueAsNewSuggested || info.historyLength > maxHistoryEvents) && !this.#busy)
        return this.#continue();
      if (this.#news) continue;
      if (this.#idle) {
        await this.#endGuard();
        if (this.#idle && !this.#busy) return;
      }
      await condition(() => this.#news, Math.max(1, this.#due - Date.now()));
    }
  }

  get #due(): number {
    const later = this.#ended.map(({ freeAt }) => freeAt);
    if (this.#nextRecord > Date.now()) later.push(this.#nextRecord);
    return Math.min(this.#nextCheck, this.#nextRotation, ...later);
  }

  /** Whether the control tables, or Temporal, have still to answer. */
  get #busy(): boolean {
    return this.#recording || this.#checking;
  }

  /** A guard that is being ended has its session still. */
  get #capacity(): number {
    const ending = this.#guardRunning && this.#limit.guard === undefined;
    return Math.max(0, this.#limit.capacity - (ending ? 1 : 0));
  }

  get #idle(): boolean {
    return this.#limit.state.terms.length === 0 && this.#leases.members.length === 0;
  }

  async #continue(): Promise<void> {
    await this.#endGuard();
    const carried = { limit: this.#limit.state, leases: this.#leases.state };
    await continueAsNew<typeof serverGate>({ endpoint: this.input.endpoint, carried });
  }

  /** Sends leases and limits to those whom they concern; who cannot be reached is looked after. */
  async #tell(): Promise<void> {
    const leases = this.#leases
      .takeUnsent()
      .map(({ to, lease }) =>
        this.#deliver(to, () => getExternalWorkflowHandle(to.workflowId).signal(leaseSignal, lease)),
      );
    const states = this.#limit.state.terms.flatMap((terms) => {
      const state = this.#limit.seenBy(terms.server);
      const key = `${terms.category.workflowId} ${terms.category.firstRunId} ${terms.server}`;
      const text = JSON.stringify(state);
      if (this.#seen.get(key) === text) return [];
      this.#seen.set(key, text);
      return [this.#deliver(terms.category, () => this.#tellState(terms.category, state))];
    });
    await Promise.all([...leases, ...states]);
  }

  #tellState(category: MemberRef, state: ServerState): Promise<void> {
    return getExternalWorkflowHandle(category.workflowId).signal(serverStateSignal, state);
  }

  async #deliver(to: MemberRef, send: () => Promise<void>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.info('not delivered: the workflow has ended', { workflowId: to.workflowId });
      this.#nextCheck = Date.now();
    }
  }

  #keepTime(): void {
    const now = Date.now();
    for (const { ref, freeAt } of this.#ended) if (freeAt <= now) this.#leases.remove(ref);
    this.#ended = this.#ended.filter(({ freeAt }) => freeAt > now);
    if (now >= this.#nextRotation) {
      this.#nextRotation = now + gateTimes.rotateMs;
      if (this.#leases.starved) this.#leases.rotate();
    }
    if (now >= this.#nextCheck && !this.#checking) this.#check();
  }

  /** A workflow that was terminated cannot give back what it held. Leases go on moving meanwhile. */
  #check(): void {
    this.#checking = true;
    this.#nextCheck = Date.now() + gateTimes.checkMs;
    const members = [
      ...this.#leases.members.map(({ ref }) => ref),
      ...this.#limit.state.terms.map(({ category }) => category),
    ];
    const asked = members.filter((ref, index) => members.findIndex((other) => same(other, ref)) === index);
    void control
      .listEnded({ members: asked })
      .then(({ ended }) => this.#bury(asked.filter(({ firstRunId }) => ended.includes(firstRunId))))
      .catch((error: unknown) => {
        if (!isCancellation(error))
          log.warn('members were not looked after', { cause: causeOf(error).message });
      })
      .finally(() => {
        this.#checking = false;
        this.#news = true;
      });
  }

  #bury(gone: readonly MemberRef[]): void {
    const freeAt = Date.now() + gateTimes.graceMs;
    for (const ref of gone) {
      this.#limit.leave(ref);
      if (!this.#ended.some((known) => same(known.ref, ref))) this.#ended.push({ ref, freeAt });
    }
  }

  /** Sessions at the source find by this how many application locks there are. One writer, so that the last word stays. */
  #record(): void {
    const { limit } = this.#limit;
    if (this.#recording || limit === this.#recorded || limit === 0 || Date.now() < this.#nextRecord) return;
    this.#recording = true;
    void control
      .recordSourceLimit({
        endpoint: this.input.endpoint,
        limit,
        set: this.#limit.state.set !== undefined,
      })
      .then(({ kept }) => {
        if (kept) this.#recorded = limit;
        else this.#nextRecord = Date.now() + gateTimes.soonMs;
      })
      .catch((error: unknown) => {
        if (!isCancellation(error)) log.warn('the limit was not recorded', { cause: causeOf(error).message });
        this.#recorded = limit;
      })
      .finally(() => {
        this.#recording = false;
        this.#news = true;
      });
  }

  /** Keeps the guard's probe running for as long as a category asks for it. */
  #watch(): void {
    const wanted = this.#limit.guard !== undefined;
    if (!wanted || this.#guardRevised) this.#guardScope?.cancel();
    // Its session is one of the limit's, and has to be free first.
    if (!wanted || this.#guardRunning || this.#leases.granted >= this.#limit.limit) return;
    this.#guardRunning = true;
    this.#guardScope = new CancellationScope();
    void this.#guardScope
      .run(() => this.#judge())
      .catch((error: unknown) => {
        if (!isCancellation(error)) log.error('the guard ended', { cause: String(error) });
      })
      .finally(() => {
        this.#guardRunning = false;
        this.#news = true;
      });
  }

  /** The run that has the guard has changed it meanwhile. */
  get #guardRevised(): boolean {
    const { guard } = this.#limit;
    return (
      guard?.runId === this.#watched?.runId &&
      JSON.stringify(guard?.guard) !== JSON.stringify(this.#watched?.guard)
    );
  }

  async #judge(): Promise<void> {
    const { guard } = this.#limit;
    if (guard === undefined) return;
    this.#watched = guard;
    const { runId, server } = guard;
    try {
      const verdict = await watching.watchSource({ runId, server, reduced: this.#limit.reduced });
      this.#limit.judge(verdict);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#limit.trouble(`the guard cannot be asked: ${causeOf(error).message}`);
      this.#news = true;
      await sleep(gateTimes.guardPauseMs);
    }
  }

  async #endGuard(): Promise<void> {
    this.#guardScope?.cancel();
    await condition(() => !this.#guardRunning);
  }

  #status(): GateStatus {
    const { server: _, ...state } = this.#limit.seenBy('');
    return {
      endpoint: this.input.endpoint,
      limit: state.limit,
      now: state.now,
      ...(state.cause !== undefined && { cause: state.cause }),
      members: this.#leases.members.map(({ ref, wanted, permits, granted }) => ({
        workflowId: ref.workflowId,
        wanted,
        permits,
        granted,
      })),
    };
  }

  #show(): void {
    const { limit, now, cause, members } = this.#status();
    setCurrentDetails(
      [
        `**${now} of ${limit} sessions**${cause === undefined ? '' : `: ${cause}`}`,
        '',
        '| workflow | wants | may have | until settled |',
        '|---|---|---|---|',
        ...members.slice(0, 50).map((m) => `| ${m.workflowId} | ${m.wanted} | ${m.permits} | ${m.granted} |`),
      ].join('\n'),
    );
  }
}
