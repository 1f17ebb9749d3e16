import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Activities, ChunkRef, DatabaseRef, Route } from '../activities/contract.js';
import { createActivities } from '../activities/index.js';
import { loadEnvironment } from '../config/environment.js';

import { batchRows } from '../engine/rows/column-batch.js';

import hashing = require('../engine/rows/hash/row-hasher.js');

import { createDependencies } from '../workers/dependencies.js';
import type { OursAnswer, OursQuestion } from './ours.js';

/** As many as an activity worker has at once. */
const steps = 8;

const realHasher = hashing.createRowHasher;

/**
 * The product has no switch: rows that nobody hashes would be a way to lose some. Here, and only here, a hasher takes
 * the place of the real one that counts rows and finds all of them equal, so that the price of hashing can be told.
 */
function setHashing(on: boolean): void {
  const hashes = { high: new Uint32Array(batchRows), low: new Uint32Array(batchRows) };
  const countingHasher: typeof realHasher = () => {
    let rows = 0;
    return {
      add: (batch) => {
        rows += batch.rows;
      },
      value: () => ({ rows, sum: '0'.repeat(16) }),
      hashes,
    };
  };
  (hashing as { createRowHasher: typeof realHasher }).createRowHasher = on ? realHasher : countingHasher;
}

interface PreparedRun {
  readonly ref: DatabaseRef;
  readonly concurrency: number;
  readonly route: Route;
  readonly chunks: readonly ChunkRef[];
}

/** Entry point of the process that does what `ours.ts` asks with the product's own activities. */
async function main(): Promise<void> {
  const { dependencies, close } = await createDependencies(loadEnvironment(), steps);
  const activities = createActivities(dependencies);
  let prepared: PreparedRun | undefined;
  const answer = async (question: OursQuestion): Promise<OursAnswer> => {
    setHashing(question.checksums);
    if (question.ask === 'prepare') {
      prepared = await prepare(activities, question.category, question.concurrency);
    } else if (prepared === undefined) {
      throw new Error('Nothing is prepared.');
    } else if (question.ask === 'copy') {
      await copy(activities, prepared, question.keyed);
    } else {
      await readBack(activities, prepared);
    }
    return { answer: 'done', table: `${question.keyed ? 'mart' : 'stage'}.${prepared.ref.target}` };
  };
  process.on('message', (question: OursQuestion) => {
    answer(question)
      .catch((error: unknown) => ({ answer: 'failed', error: String(error) }) as const)
      .then((said) => process.send?.(said));
  });
  process.once('disconnect', () => void close().then(() => process.exit()));
}

/** Everything that comes before the first chunk: outside of what is measured, as no tool of the comparison plans. */
async function prepare(activities: Activities, category: string, concurrency: number): Promise<PreparedRun> {
  const runId = randomUUID();
  const { databases } = await act(() => activities.openRun({ runId, category, jobMode: 'restart' }));
  const [database] = databases;
  if (database === undefined) throw new Error(`The category ${category} has no database.`);
  const ref = { runId, ...database };
  await act(() => activities.planDatabase(ref));
  await act(() => activities.prepareTargets({ runId }));
  const page = await act(() =>
    activities.listChunks({ ...ref, pass: 'all', afterOrdinal: -1, limit: 1_000 }),
  );
  return {
    ref,
    concurrency,
    route: page.route,
    chunks: page.chunks.map(({ chunkId }) => ({ runId, chunkId })),
  };
}

async function copy(activities: Activities, run: PreparedRun, keyed: boolean): Promise<void> {
  await each(run, async (chunk) => {
    const read = run.route === 'direct' ? activities.copyChunk : activities.exportChunk;
    const { rows } = await act(() => read(chunk));
    if (rows === 0) return;
    if (run.route === 'transform') await act(() => activities.transformChunk(chunk));
    if (run.route !== 'direct') await act(() => activities.importChunk(chunk));
  });
  if (!keyed) return;
  // A table goes live only once all of its chunks are compared.
  await readBack(activities, run);
  const { runId, target } = run.ref;
  await act(() => activities.finalizeTarget({ runId, target }));
}

function readBack(activities: Activities, run: PreparedRun): Promise<void> {
  return each(run, (chunk) => act(() => activities.checksumChunk(chunk)));
}

/** All chunks in order, as many at once as the run has in flight. */
async function each(run: PreparedRun, work: (chunk: ChunkRef) => Promise<unknown>): Promise<void> {
  const waiting = run.chunks[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const chunk of waiting) await work(chunk);
  };
  await Promise.all(Array.from({ length: run.concurrency }, lane));
}

/** One activity, with what Temporal gives it. */
function act<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
