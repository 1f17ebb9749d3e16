import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities, StepResult } from '../activities/contract.js';
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

/** Takes one chunk through its steps, each of which finds what an earlier attempt or run has left valid. */
export async function migrateChunk(input: MigrateChunkInput): Promise<ChunkCounters> {
  const chunk = { runId: input.runId, chunkId: input.chunkId };
  const step = (name: string): Activities =>
    proxyActivities<Activities>({
      ...stepOptions,
      summary: `${name} ${input.target} ${input.server}/${input.database} ${input.window}`,
    });
  const exported = await step('export').exportChunk(chunk);
  const transformed = await step('transform').transformChunk(chunk);
  const imported = await step('import').importChunk(chunk);
  const checked = await step('checksum').checksumChunk(chunk);
  setCurrentDetails(
    details({ export: exported, transform: transformed, import: imported, checksum: checked }),
  );
  return { rows: imported.rows, bytes: exported.bytes };
}

function details(steps: Readonly<Record<string, StepResult>>): string {
  const lines = Object.entries(steps).map(
    ([name, s]) =>
      `| ${name} | ${s.rows} | ${s.bytes} | ${s.seconds.toFixed(1)} | ${s.reused ? 'found' : 'done'} |`,
  );
  return ['| step | rows | bytes | seconds | |', '|---|---|---|---|---|', ...lines].join('\n');
}
