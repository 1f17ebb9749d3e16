import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { maxCategoryEvents, progressTimes } from '../options.js';
import type { Controls } from './controls.js';
import type { Databases } from './databases.js';
import { ignoreCancellation, RunStopped } from './holding.js';
import type { CategoryState } from './state.js';

export interface Copying {
  readonly controls: Controls;
  readonly state: CategoryState;
  readonly databases: Databases;
  readonly measure: () => Promise<void>;
  readonly enter: (phase: 'COPYING' | 'NEEDS_ATTENTION') => void;
  readonly attentionWaitSeconds: number;
}

/**
 * Copies until every chunk is done or skipped: in rounds, as parked chunks are retried. `again` where the history is
 * long enough to go on in a new one, with nothing in flight. Throws RunStopped, or CHUNKS_NEED_ATTENTION when nobody
 * has looked after parked chunks in time.
 */
export async function copyAll(copying: Copying): Promise<'copied' | 'again'> {
  const { state, databases, controls, measure, enter } = copying;
  for (;;) {
    enter('COPYING');
    await whileMeasuring(copying, async () => {
      await databases.copy();
      await measure();
      await condition(allHandlersFinished);
    });
    if (controls.state.stopping !== undefined) throw new RunStopped();
    if (databases.yielding) return 'again';
    if (databases.pending.length > 0) continue;
    if (state.parked === 0) return 'copied';
    await attention(copying);
    if (state.parked === 0 && databases.pending.length === 0 && controls.state.stopping === undefined)
      return 'copied';
  }
}

/** Waits for retry or skip, for as long as the category says. */
async function attention({
  state,
  databases,
  controls,
  enter,
  attentionWaitSeconds,
}: Copying): Promise<void> {
  enter('NEEDS_ATTENTION');
  const lookedAfter = (): boolean =>
    databases.pending.length > 0 || state.parked === 0 || controls.state.stopping !== undefined;
  const settled = (): boolean => allHandlersFinished() && lookedAfter();
  const inTime = attentionWaitSeconds > 0 && (await condition(settled, attentionWaitSeconds * 1000));
  if (!inTime && !settled()) throw needsAttention(state.parked);
}

/** Runs `work` with the counters read now and then; has the databases yield when the history grows long. */
async function whileMeasuring({ databases, measure }: Copying, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  const measuring = scope
    .run(async () => {
      for (
        let wait: number = progressTimes.firstMs;
        ;
        wait = Math.min(wait * progressTimes.growth, progressTimes.lastMs)
      ) {
        await sleep(wait);
        await measure();
        const info = workflowInfo();
        if (info.continueAsNewSuggested || info.historyLength > maxCategoryEvents) databases.yield();
      }
    })
    .catch(ignoreCancellation);
  try {
    await work();
  } finally {
    scope.cancel();
    await measuring;
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
