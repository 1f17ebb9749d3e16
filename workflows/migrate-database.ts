import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  TerminatedFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/contract.js';
import { type Allowance, allowanceSignal, type DatabaseName, workflowIds } from './messages.js';
import { type ChunkCounters, migrateChunk } from './migrate-chunk.js';
import { chunkPageSize, controlOptions, maxChunksInFlight, maxHistoryEvents } from './options.js';
import { takingOver } from './taking-over.js';

export interface MigrateDatabaseInput extends DatabaseName {
  readonly runId: string;
  readonly category: string;
  readonly allowance: Allowance;
  /** Where an earlier execution of this run stopped. */
  readonly progress?: DatabaseProgress;
}

export interface DatabaseProgress {
  readonly afterOrdinal: number;
  readonly chunksDone: number;
  readonly chunksParked: number;
  readonly rows: number;
}

type Chunk = { readonly chunkId: string; readonly ordinal: number; readonly window: string };

const control = proxyActivities<Activities>(controlOptions);

/**
 * Keeps as many migrateChunk children running as its allowance says, in the order of the plan. A chunk that
 * fails is parked and never blocks another. Continues as new by cursor, with nothing in flight.
 */
export async function migrateDatabase(input: MigrateDatabaseInput): Promise<DatabaseProgress> {
  let allowance = input.allowance;
  setHandler(allowanceSignal, (next) => {
    allowance = next;
  });
  const start = input.progress ?? { afterOrdinal: -1, chunksDone: 0, chunksParked: 0, rows: 0 };
  let { chunksDone, chunksParked, rows, afterOrdinal } = start;
  let running = 0;
  let failure: unknown;

  const run = async (chunk: Chunk): Promise<void> => {
    try {
      const counters = await startOnce(input, chunk);
      chunksDone += 1;
      rows += counters.rows;
    } catch (error) {
      // One chunk cancelled by hand parks; only the database's own cancellation ends it.
      if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
      await control.parkChunk({ runId: input.runId, chunkId: chunk.chunkId, ...causeOf(error) });
      chunksParked += 1;
    }
  };

  let page: readonly Chunk[] = [];
  let exhausted = false;
  const startPending = async (): Promise<void> => {
    for (;;) {
      const info = workflowInfo();
      const drain = info.continueAsNewSuggested || info.historyLength > maxHistoryEvents;
      if (failure !== undefined || drain || (exhausted && page.length === 0)) return;
      if (page.length === 0) {
        page = (await control.listChunks({ ...pick(input), afterOrdinal, limit: chunkPageSize })).chunks;
        exhausted = page.length < chunkPageSize;
        continue;
      }
      const free = (): boolean =>
        !allowance.paused && running < Math.min(allowance.chunks, maxChunksInFlight);
      await condition(() => free() || failure !== undefined);
      if (failure !== undefined) return;
      const [next, ...rest] = page;
      if (next === undefined) continue;
      page = rest;
      afterOrdinal = next.ordinal;
      running += 1;
      run(next)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => {
          running -= 1;
          setCurrentDetails(`${chunksDone} chunks done, ${chunksParked} parked, ${rows} rows`);
        });
    }
  };
  await startPending().catch((error: unknown) => {
    failure ??= error;
  });
  // Also when cancelled: children end by themselves, and closing before them would terminate them instead.
  await CancellationScope.nonCancellable(() => condition(() => running === 0 && allHandlersFinished()));
  if (failure !== undefined) throw failure;
  const progress = { afterOrdinal, chunksDone, chunksParked, rows };
  if (page.length > 0 || !exhausted)
    await continueAsNew<typeof migrateDatabase>({ ...input, allowance, progress });
  return progress;
}

async function startOnce(input: MigrateDatabaseInput, chunk: Chunk): Promise<ChunkCounters> {
  const child = await takingOver(() =>
    startChild(migrateChunk, {
      workflowId: workflowIds.chunk(input.category, input, chunk.window),
      args: [{ ...pick(input), chunkId: chunk.chunkId, window: chunk.window }],
      staticSummary: `${input.target} ${input.server}/${input.database} ${chunk.window}`,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    }),
  );
  return child.result();
}

function pick({
  runId,
  target,
  server,
  database,
}: MigrateDatabaseInput): DatabaseName & { readonly runId: string } {
  return { runId, target, server, database };
}

/** The code and message that the chunk's control row keeps, from whatever ended the child. */
function causeOf(error: unknown): { readonly code: string; readonly message: string } {
  let cause: unknown = error;
  while ((cause instanceof ChildWorkflowFailure || cause instanceof ActivityFailure) && cause.cause)
    cause = cause.cause;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'INTERNAL', message: cause.message };
  if (cause instanceof TimeoutFailure) return { code: 'STALLED', message: `Timed out: ${cause.message}` };
  if (cause instanceof CancelledFailure)
    return { code: 'CANCELLED', message: 'The chunk was cancelled by hand.' };
  if (cause instanceof TerminatedFailure)
    return { code: 'TERMINATED', message: 'The chunk was terminated by hand.' };
  return { code: 'INTERNAL', message: cause instanceof Error ? cause.message : String(cause) };
}
