import {
  ActivityFailure,
  ApplicationFailure,
  getExternalWorkflowHandle,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Activities,
  ChunkRef,
  DatabaseId,
  Route,
  StepName,
  StepResult,
} from '../activities/contract.js';
import { exportedSignal, haltSignal } from './messages.js';
import { stepOptions } from './options.js';

export interface MigrateChunkInput extends DatabaseId {
  readonly runId: string;
  readonly chunkId: string;
  readonly window: string;
  readonly route: Route;
}

/**
 * `halted`: between two steps, where it was told to end; what is done is found done when it is started again.
 * `parts gone`: another attempt, or a bucket's lifecycle, has taken parts away; it must begin at its source again.
 */
export type ChunkOutcome = 'done' | 'halted' | 'parts gone';

class Halted extends Error {}

/** Takes one chunk through its steps, each of which finds what an earlier attempt or run has left valid. */
export async function migrateChunk(input: MigrateChunkInput): Promise<ChunkOutcome> {
  let halted = false;
  setHandler(haltSignal, (halt) => {
    halted = halt;
  });
  const chunk = { runId: input.runId, chunkId: input.chunkId };
  const done: StepReport[] = [];
  const step: RunStep = async (name, work) => {
    if (halted) throw new Halted();
    const activities = proxyActivities<Activities>({
      ...stepOptions,
      summary: `${name} ${input.target} ${input.server}/${input.database} ${input.window}`,
    });
    const result = await work(activities);
    done.push([name, result]);
    setCurrentDetails(details(done));
    return result;
  };
  try {
    await runSteps(step, chunk, input.route);
    return 'done';
  } catch (error) {
    if (error instanceof Halted) return 'halted';
    if (failureType(error) === 'PARTS_GONE') return 'parts gone';
    throw error;
  }
}

type StepReport = readonly [string, StepResult];
type RunStep = (
  name: StepName | 'copy',
  work: (activities: Activities) => Promise<StepResult>,
) => Promise<StepResult>;

async function runSteps(step: RunStep, chunk: ChunkRef, route: Route): Promise<void> {
  if (route === 'load') return load(step, chunk);
  const { rows } =
    route === 'direct'
      ? await step('copy', (activities) => activities.copyChunk(chunk))
      : await step('export', (activities) => activities.exportChunk(chunk));
  // What has read no row has completed the chunk.
  if (rows === 0 || route === 'export') return;
  // The next chunk may be read while this one goes on.
  const told = tellExported(chunk.chunkId);
  if (route === 'transform') await step('transform', (activities) => activities.transformChunk(chunk));
  if (route === 'direct') await step('checksum', (activities) => activities.checksumChunk(chunk));
  else await load(step, chunk);
  await told;
}

async function load(step: RunStep, chunk: ChunkRef): Promise<void> {
  await step('import', (activities) => activities.importChunk(chunk));
  await step('checksum', (activities) => activities.checksumChunk(chunk));
}

async function tellExported(chunkId: string): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  // Nobody to tell is no reason to fail.
  await getExternalWorkflowHandle(parent.workflowId)
    .signal(exportedSignal, chunkId)
    .catch(() => undefined);
}

function failureType(error: unknown): string | undefined {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure
    ? (error.cause.type ?? undefined)
    : undefined;
}

function details(steps: readonly StepReport[]): string {
  const lines = steps.map(
    ([name, s]) =>
      `| ${name} | ${s.rows} | ${s.bytes} | ${s.seconds.toFixed(1)} | ${s.reused ? 'found' : 'done'} |`,
  );
  return ['| step | rows | bytes | seconds | |', '|---|---|---|---|---|', ...lines].join('\n');
}
