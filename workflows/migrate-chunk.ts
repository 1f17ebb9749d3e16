import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { Activities, ChunkRef, DatabaseId, StepName, StepResult } from '../activities/contract.js';
import { haltSignal } from './messages.js';
import { stepOptions } from './options.js';

export interface MigrateChunkInput extends DatabaseId {
  readonly runId: string;
  readonly chunkId: string;
  readonly window: string;
}

export interface ChunkOutcome {
  /** Halted between two steps; what is done is found done when the chunk is started again. */
  readonly halted: boolean;
}

/** Another attempt, or a bucket's lifecycle, may take parts away between two steps: then the chunk begins again. */
const maxRounds = 3;

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
  for (let round = 1; ; round += 1) {
    try {
      await runSteps(step, chunk);
      return { halted: false };
    } catch (error) {
      if (error instanceof Halted) return { halted: true };
      if (failureType(error) !== 'PARTS_GONE' || round === maxRounds) throw error;
    }
  }
}

type StepReport = readonly [string, StepResult];
type RunStep = (
  name: StepName | 'complete empty',
  work: (activities: Activities) => Promise<StepResult>,
) => Promise<StepResult>;

async function runSteps(step: RunStep, chunk: ChunkRef): Promise<void> {
  const { rows } = await step('export', (activities) => activities.exportChunk(chunk));
  if (rows === 0) {
    await step('complete empty', (activities) => activities.completeEmptyChunk(chunk));
    return;
  }
  await step('transform', (activities) => activities.transformChunk(chunk));
  await step('import', (activities) => activities.importChunk(chunk));
  await step('checksum', (activities) => activities.checksumChunk(chunk));
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
