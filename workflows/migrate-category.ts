import {
  allHandlersFinished,
  CancellationScope,
  ContinueAsNew,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Activities,
  DatabaseId,
  MemberRef,
  ReportSummary,
  RunProgress,
  RunState,
  RunSummary,
} from '../activities/contract.js';
import { Controls, type ControlsState } from './category/controls.js';
import { copyAll } from './category/copying.js';
import { Databases } from './category/databases.js';
import { Desk } from './category/desk.js';
import { Gates } from './category/gates.js';
import { atOnce, RunStopped, unlessHeld } from './category/holding.js';
import { type MigrateCategoryInput, requireOwnInput } from './category/input.js';
import { listenToOperators } from './category/operator-messages.js';
import { planAll } from './category/planning.js';
import { type CarriedState, CategoryState } from './category/state.js';
import { Wholes } from './category/wholes.js';
import { causeOf } from './cause-of.js';
import {
  type Phase,
  type Reloaded,
  type Scope,
  type ServerState,
  serverStateSignal,
  statusQuery,
} from './messages.js';
import { controlOptions, finalizeOptions, maxCategoryEvents, openOptions, planOptions } from './options.js';
import { outlivingWorkers } from './outliving-workers.js';
import { searchAttributes } from './search-attributes.js';
import { byHours } from './steer-category.js';

export type { MigrateCategoryInput };

const control = proxyActivities<Activities>(controlOptions);
const opening = outlivingWorkers(proxyActivities<Activities>(openOptions));
const planning = outlivingWorkers(proxyActivities<Activities>(planOptions));
const finalizing = outlivingWorkers(proxyActivities<Activities>(finalizeOptions));

/** What a new execution of the same run takes over from the one before. */
export interface CarriedRun {
  readonly summary: RunSummary;
  /** Databases of the summary, by index. */
  readonly unplanned: readonly number[];
  readonly uncopied: readonly number[];
  readonly prepared: boolean;
  readonly controls: ControlsState;
  readonly state: CarriedState;
  readonly limits: readonly ServerState[];
}

/**
 * Migrates one category: check, plan, remove (restart), copy every database, finalize, report. Returns what is
 * done, also when operators stop it; fails, after `attention.wait`, naming the chunks that still need attention.
 */
export async function migrateCategory(
  input: MigrateCategoryInput,
  carried?: CarriedRun,
): Promise<ReportSummary> {
  requireOwnInput(input);
  return new CategoryRun(input, carried).run();
}

class CategoryRun {
  readonly #runId = workflowInfo().firstExecutionRunId;
  readonly #self: MemberRef = { workflowId: workflowInfo().workflowId, firstRunId: this.#runId };
  readonly #controls: Controls;
  readonly #state: CategoryState;
  readonly #desk: Desk;
  #unplanned: readonly number[];
  #prepared: boolean;
  #gates: Gates | undefined;
  #summary: RunSummary | undefined;
  /** Of the latest reload that is known: answers may overtake one another. */
  #revision = 0;

  constructor(
    private readonly input: MigrateCategoryInput,
    private readonly carried?: CarriedRun,
  ) {
    this.#controls = new Controls(carried?.controls);
    this.#state = new CategoryState(input.category, this.#runId, this.#controls, carried?.state);
    this.#unplanned = carried?.unplanned ?? [];
    this.#prepared = carried?.prepared ?? false;
    for (const limit of carried?.limits ?? []) this.#state.limits.set(limit.server, limit);
    const show = (): Promise<void> => this.#show();
    const reload = (): Promise<Reloaded> => this.#reload();
    this.#desk = new Desk(input.category, this.#runId, this.#controls, this.#state, show, reload);
    setHandler(statusQuery, () => this.#state.status());
    setHandler(serverStateSignal, (server) => {
      this.#state.limits.set(server.server, server);
      this.#state.show();
    });
    listenToOperators(this.#desk);
    if (carried === undefined) this.#enter('OPENING');
  }

  async run(): Promise<ReportSummary> {
    const outline =
      this.carried?.summary ?? (await opening.describeRun({ ...this.input, runId: this.#runId }));
    const gates = new Gates(this.#self, outline.servers, this.#runId);
    this.#gates = gates;
    this.#desk.gates = gates;
    this.#desk.known = outline;
    this.#state.opened(outline);
    try {
      return await this.#runWith(gates, outline);
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      await CancellationScope.nonCancellable(() => gates.leave());
      throw error;
    }
  }

  async #runWith(gates: Gates, outline: RunSummary): Promise<ReportSummary> {
    const summary = this.carried?.summary ?? (await this.#open(gates, outline));
    if (summary === undefined) return this.#end(gates, nothingDone);
    this.#summary = summary;
    this.#desk.known = summary;
    try {
      await this.#work(gates, summary);
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      if (error instanceof RunStopped) return this.#end(gates, await this.#report('STOPPED'));
      // A database that was cancelled by hand is a failure of the run.
      const cancelled = isCancellation(error) && CancellationScope.current().consideredCancelled;
      // The first error is the one to tell, also where the report cannot be written for the same reason.
      await CancellationScope.nonCancellable(() =>
        this.#report(cancelled ? 'CANCELLED' : 'FAILED', causeOf(error).message),
      ).catch((unwritten: unknown) =>
        log.error('the report could not be written', { cause: String(unwritten) }),
      );
      throw error;
    }
    return this.#end(gates, await this.#report('COMPLETED'));
  }

  /** Undefined where the run was stopped before it had begun. */
  async #open(gates: Gates, outline: RunSummary): Promise<RunSummary | undefined> {
    await gates.join('before guards');
    const { outside, mode } = await control.outsideAllowedHours({ category: this.input.category });
    if (outside) this.#controls.pause({ mode, by: byHours });
    const endpoints = outline.servers.map(({ endpoint }) => endpoint);
    const open = { ...this.input, runId: this.#runId };
    try {
      const summary = await this.#unlessHeld({}, (begin) =>
        gates.withSessions(endpoints, begin, () => opening.openRun(open)),
      );
      this.#unplanned = summary.databases.map((_, index) => index);
      this.#state.opened(summary);
      await gates.join('with guards');
      return summary;
    } catch (error) {
      if (error instanceof RunStopped) return undefined;
      throw error;
    }
  }

  async #work(gates: Gates, summary: RunSummary): Promise<void> {
    const runId = this.#runId;
    await this.#plan(gates, summary);
    if (!this.#prepared) {
      this.#enter('PREPARING');
      const { rowsOutsidePlan } = await this.#unlessHeld(
        {},
        atOnce(() => finalizing.prepareTargets({ runId })),
      );
      if (rowsOutsidePlan > 0)
        this.#state.warn(
          `${rowsOutsidePlan} rows of earlier runs lie in windows that this run does not plan; they stay in the stage, and so in the target.`,
        );
      this.#prepared = true;
    }
    await this.#copy(gates, summary);
    if (!summary.finalize) return;
    this.#enter('FINALIZING');
    for (const target of summary.targets)
      await this.#unlessHeld(
        { target },
        atOnce(() => finalizing.finalizeTarget({ runId, target })),
      );
  }

  async #plan(gates: Gates, summary: RunSummary): Promise<void> {
    if (this.#unplanned.length === 0) return;
    this.#enter('PLANNING');
    const endpointOf = (index: number): string => gates.termsOf(at(summary, index).server).endpoint;
    const plan = async (index: number): Promise<void> => {
      const ref = { runId: this.#runId, ...at(summary, index) };
      const counted = await this.#unlessHeld(at(summary, index), (begin) =>
        gates.withSessions([endpointOf(index)], begin, () => planning.planDatabase(ref)),
      );
      this.#state.planned(counted);
    };
    this.#unplanned = await planAll({ unplanned: this.#unplanned, endpointOf, plan, full: () => this.#full });
    if (this.#unplanned.length > 0) await this.#continue(summary, summary.databases);
  }

  async #copy(gates: Gates, summary: RunSummary): Promise<void> {
    const { input, carried } = this;
    const pending = carried?.uncopied.map((index) => at(summary, index)) ?? summary.databases;
    const databases = new Databases(
      input.category,
      this.#runId,
      this.#controls,
      gates,
      summary.databases,
      pending,
      new Wholes(this.#runId, this.#controls, summary, (message) => this.#state.warn(message)),
      (running, left) => this.#state.countDatabases(running, left),
    );
    this.#desk.databases = databases;
    const attentionWaitSeconds = (): number => (this.#summary ?? summary).attentionWaitSeconds;
    const copying = { controls: this.#controls, state: this.#state, databases, attentionWaitSeconds };
    const outcome = await copyAll({
      ...copying,
      measure: () => this.#measure(),
      show: () => this.#show(),
      full: () => this.#full,
      enter: (phase) => this.#enter(phase),
    });
    if (outcome === 'again') await this.#continue(summary, databases.pending);
  }

  get #full(): boolean {
    const info = workflowInfo();
    return info.continueAsNewSuggested || info.historyLength > maxCategoryEvents;
  }

  async #continue(summary: RunSummary, uncopied: readonly DatabaseId[]): Promise<never> {
    const indexOf = (database: DatabaseId): number =>
      summary.databases.findIndex((other) => sameDatabase(other, database));
    await condition(allHandlersFinished);
    return continueAsNew<typeof migrateCategory>(this.input, {
      summary: this.#summary ?? summary,
      unplanned: this.#unplanned,
      uncopied: uncopied.map(indexOf),
      prepared: this.#prepared,
      controls: this.#controls.state,
      state: this.#state.carried,
      limits: [...this.#state.limits.values()],
    });
  }

  async #reload(): Promise<Reloaded> {
    const { fields, revision, summary } = await opening.reloadRun({
      ...this.input,
      runId: this.#runId,
      request: uuid4(),
    });
    if (revision < this.#revision) return { fields };
    this.#revision = revision;
    this.#summary = summary;
    this.#desk.known = summary;
    this.#state.opened(summary);
    await this.#gates?.revise(summary.servers);
    return { fields };
  }

  async #measure(): Promise<RunProgress> {
    const progress = await control.readProgress({ runId: this.#runId });
    this.#state.measured(progress);
    return progress;
  }

  async #show(): Promise<void> {
    try {
      await this.#measure();
    } catch (error) {
      // Counters are for people; a run does not end for the lack of them.
      if (isCancellation(error)) throw error;
      log.warn('the progress could not be read', { cause: causeOf(error).message });
    }
  }

  #report(state: RunState, failure?: string): Promise<ReportSummary> {
    this.#enter('REPORTING');
    return planning.writeReport({ runId: this.#runId, state, ...(failure !== undefined && { failure }) });
  }

  async #end(gates: Gates, report: ReportSummary): Promise<ReportSummary> {
    await gates.leave();
    this.#enter('ENDED');
    return report;
  }

  #enter(phase: Phase): void {
    if (phase === 'OPENING')
      upsertSearchAttributes([{ key: searchAttributes.category, value: this.input.category }]);
    this.#state.enter(phase);
    upsertSearchAttributes([{ key: searchAttributes.phase, value: phase }]);
  }

  #unlessHeld<T>(subject: Scope, work: (begin: () => void) => Promise<T>): Promise<T> {
    return unlessHeld(this.#controls, subject, work);
  }
}

const nothingDone: ReportSummary = {
  state: 'STOPPED',
  report: '',
  rows: 0,
  rowsQuarantined: 0,
  chunksDone: 0,
  chunksParked: 0,
  chunksSkipped: 0,
};

function at(summary: RunSummary, index: number): DatabaseId {
  const database = summary.databases[index];
  if (database === undefined) throw new Error(`No database ${index}.`);
  return database;
}

function sameDatabase(a: DatabaseId, b: DatabaseId): boolean {
  return a.target === b.target && a.server === b.server && a.database === b.database;
}
