import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { Activities, ChunkRef, StepResult } from '../activities/contract.js';
import type { DatabaseName } from './messages.js';
import { stepOptions } from './options.js';

export interface MigrateChunkInput extends DatabaseName {
  readonly runId: string;
  readonly chunkId: string;
  readonly window: string;
}

export interface ChunkCounters {
  readonly rows: number;
  readonly bytes: number;
}

/** Another attempt, or a bucket's lifecycle, may take parts away between two steps: then the chunk begins again. */
const maxRounds = 3;

/** Takes one chunk through its steps, each of which finds what an earlier attempt or run has left valid. */
export async function migrateChunk(input: MigrateChunkInput): Promise<ChunkCounters> {
  const chunk = { runId: input.runId, chunkId: input.chunkId };
  const step = (name: string): Activities =>
    proxyActivities<Activities>({
      ...stepOptions,
      summary: `${name} ${input.target} ${input.server}/${input.database} ${input.window}`,
    });
  for (let round = 1; ; round += 1) {
    try {
      return await runSteps(step, chunk);
    } catch (error) {
      if (failureType(error) !== 'PARTS_GONE' || round === maxRounds) throw error;
    }
  }
}

async function runSteps(step: (name: string) => Activities, chunk: ChunkRef): Promise<ChunkCounters> {
  const exported = await step('export').exportChunk(chunk);
  const transformed = await step('transform').transformChunk(chunk);
  const imported = await step('import').importChunk(chunk);
  const checked = await step('checksum').checksumChunk(chunk);
  setCurrentDetails(
    details({ export: exported, transform: transformed, import: imported, checksum: checked }),
  );
  return { rows: imported.rows, bytes: exported.bytes };
}

function failureType(error: unknown): string | undefined {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure
    ? (error.cause.type ?? undefined)
    : undefined;
}

function details(steps: Readonly<Record<string, StepResult>>): string {
  const lines = Object.entries(steps).map(
    ([name, s]) =>
      `| ${name} | ${s.rows} | ${s.bytes} | ${s.seconds.toFixed(1)} | ${s.reused ? 'found' : 'done'} |`,
  );
  return ['| step | rows | bytes | seconds | |', '|---|---|---|---|---|', ...lines].join('\n');
}
