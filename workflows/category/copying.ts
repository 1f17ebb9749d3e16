import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  sleep,
} from '@temporalio/workflow';
import type { RunProgress } from '../../activities/contract.js';
import { progressTimes } from '../options.js';
import type { Controls } from './controls.js';
import type { Databases } from './databases.js';
import { ignoreCancellation, RunStopped } from './holding.js';
import type { CategoryState } from './state.js';

export interface Copying {
  readonly controls: Controls;
  readonly state: CategoryState;
  readonly databases: Databases;
  /** Reads the counters, and throws where they cannot be read. */
  readonly measure: () => Promise<RunProgress>;
  /** As `measure`, for people: goes on without. */
  readonly show: () => Promise<void>;
  readonly enter: (phase: 'COPYING' | 'NEEDS_ATTENTION') => void;
  /** Whether the history is long enough to go on in a new one. */
  readonly full: () => boolean;
  /** How long parked chunks are waited for, as of now. */
  readonly attentionWaitSeconds: () => number;
}

/** Rounds in which a run looks for chunks that are neither done nor parked, though no database has any left. */
const maxRounds = 3;

/**
 * Copies until every chunk is done or skipped: in rounds, as parked chunks are retried. `again` where the history is
 * long enough to go on in a new one, with nothing in flight. Throws RunStopped, or CHUNKS_NEED_ATTENTION when nobody
 * has looked after parked chunks in time.
 */
export async function copyAll(copying: Copying): Promise<'copied' | 'again'> {
  const { databases, controls, enter } = copying;
  for (let forgotten = 0; ; ) {
    enter('COPYING');
    const progress = await whileShowing(copying, () => copyOnce(copying));
    if (controls.state.stopping !== undefined) throw new RunStopped();
    if (databases.yielding) return 'again';
    if (databases.pending.length > 0) continue;
    // Whatever the workflows believe: the control tables say what is done.
    const { planned, done, skipped, parked } = progress.chunks;
    // What waits for parked chunks of its whole is asked for again once they are resolved.
    if (databases.waiting && parked === 0) continue;
    if (planned === done + skipped) return 'copied';
    if (planned > done + skipped + parked && !databases.waiting) {
      forgotten += 1;
      if (forgotten > maxRounds) throw unaccounted(planned - done - skipped - parked);
      databases.copyAgain();
      continue;
    }
    if ((await attention(copying, parked)) === 'again') return 'again';
  }
}

async function copyOnce({ databases, measure }: Copying): Promise<RunProgress> {
  await databases.copy();
  await condition(allHandlersFinished);
  return measure();
}

/** Waits for retry or skip, for as long as the category says. */
async function attention(copying: Copying, parked: number): Promise<'resolved' | 'again'> {
  const { state, databases, controls, attentionWaitSeconds, enter, full } = copying;
  enter('NEEDS_ATTENTION');
  const lookedAfter = (): boolean =>
    databases.pending.length > 0 || state.parked < parked || controls.state.stopping !== undefined;
  const settled = (): boolean => allHandlersFinished() && (lookedAfter() || full());
  await patiently(settled, attentionWaitSeconds);
  await condition(allHandlersFinished);
  if (lookedAfter()) return 'resolved';
  if (full()) return 'again';
  throw needsAttention(parked);
}

/** Until `settled`, or so many seconds have passed since it began; their number may change meanwhile. */
async function patiently(settled: () => boolean, seconds: () => number): Promise<void> {
  const began = Date.now();
  for (;;) {
    const wait = seconds();
    const left = began + wait * 1000 - Date.now();
    if (left <= 0) return;
    await condition(() => settled() || seconds() !== wait, left);
    if (settled()) return;
  }
}

/** Runs `work` with the counters shown now and then; has the databases yield when the history grows long. */
async function whileShowing<T>({ databases, show, full }: Copying, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  const showing = scope
    .run(async () => {
      let wait: number = progressTimes.firstMs;
      while (!full()) {
        await sleep(wait);
        await show();
        wait = Math.min(wait * progressTimes.growth, progressTimes.lastMs);
      }
      databases.yield();
    })
    .catch(ignoreCancellation);
  try {
    return await work();
  } finally {
    scope.cancel();
    await showing;
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

function unaccounted(chunks: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'INTERNAL',
    nonRetryable: true,
    message: `${chunks} chunks are pending although every database says that it has none left. Start the category again with job_mode resume.`,
  });
}
