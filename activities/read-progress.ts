import {
  type ChunkStates,
  chunksByServer,
  firstParked,
  type ServerChunks,
  type StepTotals,
  slowChunks,
  stepsByServer,
} from '../engine/postgres/control/progress.js';
import { scanProgress } from '../engine/postgres/control/scan-ranges.js';
import type { RunProgress, RunRef, ServerProgress, StepName } from './contract.js';
import type { Dependencies } from './dependencies.js';
import type { RunContexts } from './run-context.js';
import { runStep } from './step.js';

const parkedShown = 10;
const slowShown = 5;
const steps = ['export', 'transform', 'import', 'checksum'] as const satisfies readonly StepName[];

/** Absolute totals of a run out of the control tables: a few statements, each of which goes over the run once. */
export function readProgress(deps: Dependencies, contexts: RunContexts) {
  return ({ runId }: RunRef): Promise<RunProgress> =>
    runStep(async (step) => {
      const { config } = await contexts.of(runId);
      step.stallAfter(config.stallSeconds);
      const chunks = await chunksByServer(deps.target, runId);
      const totals = await stepsByServer(deps.target, runId);
      const sum = (key: keyof ChunkStates | 'rowsPlanned' | 'rowsDone'): number =>
        chunks.reduce((all, server) => all + server[key], 0);
      const parked = sum('parked');
      return {
        chunks: { planned: sum('planned'), done: sum('done'), parked, skipped: sum('skipped') },
        rowsPlanned: sum('rowsPlanned'),
        rowsDone: sum('rowsDone'),
        servers: chunks.map((server) => serverProgress(server, totals)),
        ...(await scansOf(deps, runId)),
        parked: parked > 0 ? await firstParked(deps.target, runId, parkedShown) : [],
        slow: await slowChunks(deps.target, runId, config.slow, slowShown),
      };
    });
}

async function scansOf(deps: Dependencies, runId: string): Promise<Pick<RunProgress, 'scans'>> {
  const scans = await scanProgress(deps.target, runId);
  return scans.ranges > 0 ? { scans } : {};
}

function serverProgress(
  { server, planned, done, parked, skipped }: ServerChunks,
  totals: readonly StepTotals[],
): ServerProgress {
  const of = (step: StepName): ServerProgress['steps'][StepName] => {
    const found = totals.find((entry) => entry.server === server && entry.step === step);
    return { chunks: found?.chunks ?? 0, rows: found?.rows ?? 0, bytes: found?.bytes ?? 0 };
  };
  const byStep = Object.fromEntries(steps.map((step) => [step, of(step)])) as ServerProgress['steps'];
  return { server, chunks: { planned, done, parked, skipped }, steps: byStep };
}
