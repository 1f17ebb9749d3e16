import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  condition,
  isCancellation,
  log,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, ReportSummary, RunState, RunSummary } from '../activities/contract.js';
import { Allowances } from './allowances.js';
import { type MigrateCategoryInput, requireOwnInput } from './category-input.js';
import { CategoryState } from './category-state.js';
import { allowanceSignal, type DatabaseName, statusQuery, workflowIds } from './messages.js';
import { migrateDatabase } from './migrate-database.js';
import { OperatorMessages } from './operator-messages.js';
import { finalizeOptions, openOptions, planOptions } from './options.js';
import { takingOver } from './taking-over.js';

export type { MigrateCategoryInput };

const opening = proxyActivities<Activities>(openOptions);
const planning = proxyActivities<Activities>(planOptions);
const finalizing = proxyActivities<Activities>(finalizeOptions);

/**
 * Migrates one category: check, plan, remove (restart), copy every database, finalize, report. Returns what is
 * done; fails, after `attention.wait`, naming the chunks that still need attention.
 */
export async function migrateCategory(input: MigrateCategoryInput): Promise<ReportSummary> {
  requireOwnInput(input);
  const runId = workflowInfo().firstExecutionRunId;
  const state = new CategoryState(input.category);
  setHandler(statusQuery, () => state.status());
  const messages = new OperatorMessages(state);
  state.enter('OPENING');
  const summary = await opening.openRun({ ...input, runId });
  const category = new CategoryRun(input.category, runId, summary, state, messages);
  let report: ReportSummary;
  try {
    await category.copy();
    report = await category.report('COMPLETED');
  } catch (error) {
    const cancelled = isCancellation(error);
    const message = error instanceof Error ? (rootMessage(error) ?? error.message) : String(error);
    const end = cancelled ? 'CANCELLED' : 'FAILED';
    // The first error is the one to tell, also where the report cannot be written for the same reason.
    await CancellationScope.nonCancellable(() => category.report(end, message)).catch((unwritten: unknown) =>
      log.error('the report could not be written', { cause: String(unwritten) }),
    );
    throw error;
  }
  state.enter('ENDED');
  return report;
}

class CategoryRun {
  readonly #allowances: Allowances;
  /** Databases whose workflow is known to run, and so can be told of new limits. */
  readonly #running = new Map<DatabaseName, ChildWorkflowHandle<typeof migrateDatabase>>();

  constructor(
    private readonly category: string,
    private readonly runId: string,
    private readonly summary: RunSummary,
    private readonly state: CategoryState,
    private readonly messages: OperatorMessages,
  ) {
    this.#allowances = new Allowances(messages.perServer ?? summary.perServer);
  }

  async copy(): Promise<void> {
    const { state, runId } = this;
    state.enter('PLANNING');
    await this.#plan();
    state.enter('PREPARING');
    await finalizing.prepareTargets({ runId });
    let pending: readonly DatabaseName[] = this.summary.databases;
    while (pending.length > 0) {
      state.enter('COPYING');
      await this.#copyDatabases(pending);
      pending = state.chunksParked > 0 || this.messages.resolutions.length > 0 ? await this.#attention() : [];
    }
    if (!this.summary.finalize) return;
    state.enter('FINALIZING');
    for (const target of this.summary.targets) await finalizing.finalizeTarget({ runId, target });
  }

  async report(state: RunState, failure?: string): Promise<ReportSummary> {
    this.state.enter('REPORTING');
    return planning.writeReport({ runId: this.runId, state, ...(failure !== undefined && { failure }) });
  }

  /** One database of each server at a time: planning takes a session there too. */
  async #plan(): Promise<void> {
    const servers = new Set(this.summary.databases.map((database) => database.server));
    const planServer = async (server: string): Promise<void> => {
      for (const database of this.summary.databases.filter((candidate) => candidate.server === server))
        this.state.planned(await planning.planDatabase({ runId: this.runId, ...database }));
    };
    await Promise.all([...servers].map(planServer));
  }

  async #copyDatabases(databases: readonly DatabaseName[]): Promise<void> {
    for (const database of databases) this.#allowances.add(database);
    this.#allowances.setPerServer(this.messages.perServer ?? this.#allowances.perServer);
    this.state.perServer = this.#allowances.perServer;
    this.state.databasesLeft = databases.length;
    const scope = new CancellationScope();
    const steering = scope.run(() => this.#steer(this.messages.version)).catch(ignoreCancellation);
    try {
      // All of them: closing over one that failed would terminate the others in the middle of their chunks.
      const ended = await Promise.allSettled(databases.map((database) => this.#copyDatabase(database)));
      const failed = ended.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } finally {
      scope.cancel();
      await steering;
    }
  }

  async #copyDatabase(database: DatabaseName): Promise<void> {
    const { runId, category, state } = this;
    const allowance = this.#allowances.of(database, state.paused);
    try {
      const child = await takingOver(() =>
        startChild(migrateDatabase, {
          workflowId: workflowIds.database(category, database),
          args: [{ runId, category, ...database, allowance }],
          staticSummary: `${database.target} from ${database.server}/${database.database}`,
          cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        }),
      );
      this.#running.set(database, child);
      state.databasesRunning = this.#running.size;
      const now = this.#allowances.of(database, state.paused);
      if (now.chunks !== allowance.chunks || now.paused !== allowance.paused) await this.#send([database]);
      state.copied(await child.result());
    } finally {
      this.#running.delete(database);
      state.databasesRunning = this.#running.size;
      await this.#send(this.#allowances.remove(database));
    }
  }

  /** Passes pauses and limits on to the databases for as long as they run. */
  async #steer(from: number): Promise<void> {
    for (let seen = from; ; ) {
      await condition(() => this.messages.version !== seen);
      seen = this.messages.version;
      if (this.messages.perServer !== undefined) this.#allowances.setPerServer(this.messages.perServer);
      this.state.perServer = this.#allowances.perServer;
      this.state.show();
      await this.#send(this.#allowances.all());
    }
  }

  async #send(databases: readonly DatabaseName[]): Promise<void> {
    const send = async (database: DatabaseName): Promise<void> => {
      try {
        await this.#running
          .get(database)
          ?.signal(allowanceSignal, this.#allowances.of(database, this.state.paused));
      } catch (error) {
        if (isCancellation(error)) throw error;
        log.debug('allowance not delivered: the database has just ended', { ...database });
      }
    };
    await Promise.all(databases.map(send));
  }

  /** Waits for `retry` or `skip`; returns the databases that have pending chunks again. */
  async #attention(): Promise<readonly DatabaseName[]> {
    const { state, messages, runId, summary } = this;
    state.enter('NEEDS_ATTENTION');
    const wait = summary.attentionWaitSeconds;
    while (state.chunksParked > 0 || messages.resolutions.length > 0) {
      const asked =
        messages.resolutions.length > 0 ||
        (wait > 0 && (await condition(() => messages.resolutions.length > 0, wait * 1000)));
      const resolution = asked ? messages.resolutions.shift() : undefined;
      if (resolution === undefined) throw needsAttention(state.chunksParked);
      const before = state.chunksParked;
      const { resolved, parked, databases } = await planning.resolveParked({ runId, ...resolution });
      state.chunksParked = parked;
      if (resolved === 0 && parked === before)
        state.warn(`${resolution.action}: no parked chunk is called '${resolution.chunk ?? 'any'}'.`);
      if (databases.length > 0) return databases;
    }
    return [];
  }
}

function needsAttention(chunks: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'CHUNKS_NEED_ATTENTION',
    nonRetryable: true,
    message:
      `${chunks} chunks need attention: the report and migration_control.chunk list them with their causes. ` +
      'Mend the causes and start the category again with job_mode resume; what is done is kept.',
  });
}

function rootMessage(error: Error): string | undefined {
  return error.cause instanceof Error ? (rootMessage(error.cause) ?? error.cause.message) : undefined;
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
