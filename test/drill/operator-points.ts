import { setTimeout as sleep } from 'node:timers/promises';
import { sourceSessions } from '../support/exactly-once.js';
import type { Drill, Point } from './drill.js';
import type { Place, WorkerFault } from './worker-faults.js';

/** Makes one chunk park, whose retry then meets the fault. */
const parks: WorkerFault = {
  place: { on: 'object', text: '^raw putFile' },
  when: 'before',
  act: { kind: 'fail', code: 'STORAGE_ACCESS', times: 1 },
  spare: 3,
};

const killedWhileParking = (name: string, place: Place, when: WorkerFault['when']): Point => ({
  name,
  end: 'park',
  strike: (drill) =>
    drill.killedIn(async () => {
      await drill.arm(parks, { place, when, act: { kind: 'kill' }, spare: 0 });
      await drill.start();
    }),
});

const killedWhileRetrying = (name: string, place: Place, when: WorkerFault['when']): Point => ({
  name,
  end: 'park',
  strike: (drill) =>
    drill.killedIn(async () => {
      await drill.arm(parks, { place, when, act: { kind: 'kill' }, spare: 0 });
      await drill.start();
      await drill.retryParked();
    }),
});

const parkRow: Place = { on: 'statement', text: "SET state = 'NEEDS_ATTENTION'" };
const retryCommit: Place = { on: 'commit', text: 'migration_control.chunk SET state = \\$\\d' };

/** The run is given up and the category started again in resume. */
const givenUp = (name: string, place: Place, when: WorkerFault['when']): Point => ({
  name: `${name}, terminated, and started in resume`,
  strike: (drill) =>
    drill
      .killedIn(async () => {
        await drill.arm({ place, when, act: { kind: 'kill' }, spare: drill.pick(0, 4) });
        await drill.start();
      })
      .then(() => startAgain(drill)),
});

async function startAgain(drill: Drill): Promise<void> {
  await drill.run.terminate('the drill gives up on it');
  await drill.start('resume');
}

/** Sources must be free of our sessions within five seconds. */
async function cancelled(drill: Drill): Promise<void> {
  await drill.start();
  await drill.reached(drill.pick(2, 30));
  await drill.run.cancel();
  await drill.estate.withSources(async ([source]) => {
    const deadline = Date.now() + 5_000;
    const sessions = (): Promise<number> => (source ? sourceSessions(source) : Promise.resolve(-1));
    while ((await sessions()) > 0 && Date.now() < deadline) await sleep(50);
    const left = await sessions();
    if (left > 0) throw new Error(`${left} sessions are left five seconds after the cancel.`);
  });
  await drill.run.result().catch(() => undefined);
  await drill.start('resume');
}

/** What operators do in the middle of a run, and workers that die while they are obeyed. */
export const operatorPoints: readonly Point[] = [
  killedWhileParking('killed before a chunk is parked', parkRow, 'before'),
  killedWhileParking('killed when a chunk is parked, before its answer', parkRow, 'after'),
  killedWhileRetrying('killed before a retry commits', retryCommit, 'before'),
  killedWhileRetrying('killed after a retry commits', retryCommit, 'after'),
  givenUp('killed in the middle of COPY', { on: 'copy', text: '^COPY ' }, 'before'),
  givenUp('killed after the commit of the rows', { on: 'commit', text: '^COPY ' }, 'after'),
  givenUp('killed between two raw manifests', { on: 'object', text: '^raw putIf' }, 'after'),
  {
    name: 'terminated in the middle and started in resume at once',
    async strike(drill) {
      await drill.start();
      await drill.reached(drill.pick(5, 60));
      await startAgain(drill);
    },
  },
  { name: 'cancelled in the middle and started in resume', strike: cancelled },
];
