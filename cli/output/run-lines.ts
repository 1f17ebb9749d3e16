import type { Run, RunView } from '../run.js';
import { counted, duration } from './quantities.js';
import { statusLines } from './status-lines.js';

/** A run in lines: what it says of itself while it goes on, else how it ended. */
export function runLines(view: RunView): readonly string[] {
  if (view.state !== 'RUNNING') return endLines(view);
  return [
    headLine(view),
    ...(view.status === undefined
      ? ['No worker answers: the run waits for one (npm run worker).']
      : statusLines(view.status)),
  ];
}

/** `cell_perf_stats  COPYING  for 12 min (run 0199…)`. */
export function headLine(view: RunView): string {
  const seconds = (Date.now() - Date.parse(view.startedAt)) / 1000;
  return `${view.category}  ${view.status?.phase ?? view.state}  for ${duration(seconds)} (run ${view.runId})`;
}

/** How a run ended, with the command that goes on from there. */
export function endLines(run: Run): readonly string[] {
  const { category, runId, state, startedAt, endedAt, result, failure } = run;
  const took =
    endedAt === undefined ? '' : ` after ${duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)}`;
  return [
    `${category}  ${state}${took}, at ${endedAt} (run ${runId})`,
    ...(failure === undefined ? [] : [`${failure.code}: ${failure.message}`]),
    ...(result === undefined
      ? []
      : [
          `${counted(result.rows, 'row')} in the stage; chunks: ${result.chunksDone} done, ` +
            `${result.chunksParked} parked, ${result.chunksSkipped} skipped`,
          result.report === '' ? 'No report: the run ended before it had begun.' : `Report: ${result.report}`,
        ]),
    ...(state === 'COMPLETED' ? [] : [`Go on with: migrate start ${category}`]),
  ];
}
