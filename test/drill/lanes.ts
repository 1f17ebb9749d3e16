import type { Storage } from '../../sandbox/services/settings.js';
import type { Point } from './drill.js';
import { type DrillEstate, startDrillEstate } from './drill-estate.js';
import { type Outcome, strikePoint } from './strike-point.js';

export interface StrikeOptions {
  readonly seed: number;
  /** How many estates are struck at once: most of a drill is waiting for missed heartbeats. */
  readonly lanes: number;
  /** Where the workers' sources are; the project itself unless given. */
  readonly sources?: string;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Aborted, nothing more is begun and everything that was started is stopped. */
  readonly signal?: AbortSignal;
}

/** Strikes every point once. Each lane has an estate of its own, and another one after a failure. */
export async function strikeAll(
  points: readonly Point[],
  { seed, lanes, sources, onOutcome, signal }: StrikeOptions,
): Promise<readonly Outcome[]> {
  // An estate is for one kind of storage: those of the same kind come one after another.
  const queue = [...points].sort((a, b) => storageOf(a).localeCompare(storageOf(b)));
  const outcomes: Outcome[] = [];
  const lane = async (): Promise<void> => {
    let estate: DrillEstate | undefined;
    let storage: Storage = 'file';
    const leave = async (): Promise<void> => {
      const left = estate;
      estate = undefined;
      await left?.stop();
    };
    // What waits for the estate fails then, and the lane ends.
    const abort = (): void => void leave();
    signal?.addEventListener('abort', abort);
    for (let point = queue.shift(); point !== undefined && !signal?.aborted; point = queue.shift()) {
      try {
        if (storageOf(point) !== storage) await leave();
        storage = storageOf(point);
        estate ??= await startDrillEstate(storage, sources);
      } catch (error) {
        const outcome = notStarted(point, seed, error);
        outcomes.push(outcome);
        onOutcome?.(outcome);
        continue;
      }
      if (signal?.aborted) break;
      const outcome = await strikePoint(estate, point, seed);
      if (signal?.aborted) break;
      outcomes.push(outcome);
      onOutcome?.(outcome);
      if (outcome.result === 'fail') await leave();
    }
    signal?.removeEventListener('abort', abort);
    await leave();
  };
  await Promise.all(Array.from({ length: Math.min(lanes, points.length) }, lane));
  return outcomes;
}

function storageOf({ storage = 'file' }: Point): Storage {
  return storage;
}

function notStarted({ name }: Point, seed: number, error: unknown): Outcome {
  const cause = error instanceof Error ? error.message : String(error);
  return { name, seed, result: 'fail', seconds: 0, notes: [`nothing to strike came up: ${cause}`] };
}
