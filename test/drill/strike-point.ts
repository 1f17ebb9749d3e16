import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../support/seeded-random.js';
import { Drill, type Point } from './drill.js';
import type { DrillEstate } from './drill-estate.js';
import { findings } from './evidence.js';

export interface Outcome {
  readonly name: string;
  readonly seed: number;
  readonly result: 'pass' | 'fail';
  readonly seconds: number;
  /** Why it failed; what it needed on the way where it passed. */
  readonly notes: readonly string[];
}

const strikeWithinMs = 120_000;
/** A backend whose client is gone ends within a second; the rest is for a busy machine. */
const settleWithinMs = 8_000;
let sourceVersion = 0;

/**
 * Strikes one point in a fresh `restart` of the category, and judges what is there when all has ended. After a failure
 * the estate is not fit for another point.
 */
export async function strikePoint(estate: DrillEstate, point: Point, seed: number): Promise<Outcome> {
  const began = performance.now();
  const drill = new Drill(estate, seededRandom(seed + hash(point.name)));
  let failures: readonly string[];
  try {
    await changeSource(estate);
    await within(
      point.strike(drill),
      strikeWithinMs,
      () => `the fault did not come: ${estate.workers.activities.output.slice(-300)}`,
    );
    await drill.end(point.end);
    await drill.heal();
    failures = await settled(estate);
  } catch (error) {
    failures = [error instanceof Error ? error.message : String(error)];
  }
  await drill.heal();
  return {
    name: point.name,
    seed,
    result: failures.length === 0 ? 'pass' : 'fail',
    seconds: Math.round((performance.now() - began) / 100) / 10,
    notes: [...failures, ...drill.notes],
  };
}

/** Every row of a database becomes another, so that parts of an earlier run would show. */
async function changeSource(estate: DrillEstate): Promise<void> {
  sourceVersion += 1;
  await estate.withSources(async ([source]) => {
    await source
      ?.request()
      .query(`UPDATE dbo.cell_performance_data SET dropped_calls_total = ${sourceVersion}`);
  });
}

/** What is wrong once everything had the time to end. */
async function settled(estate: DrillEstate): Promise<readonly string[]> {
  const deadline = Date.now() + settleWithinMs;
  for (;;) {
    const found = await findings(estate);
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(500);
  }
}

async function within<T>(work: Promise<T>, ms: number, late: () => string): Promise<T> {
  const timer = new AbortController();
  const limit = sleep(ms, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error(late())));
  limit.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer.abort();
  }
}

/** FNV-1a, so that points draw different numbers from one seed. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value;
}
