import type { Point } from './drill.js';
import type { Place } from './worker-faults.js';

/** [what it is called, where, largest number of times that the place is spared first] */
type Effect = readonly [string, Place, number];

const statement = (text: string): Place => ({ on: 'statement', text });
const commit = (text: string): Place => ({ on: 'commit', text });
const object = (text: string): Place => ({ on: 'object', text });
const activity = (name: string): Place => ({ on: 'activity', name });
const source = (text: string): Place => ({ on: 'source', text });
const stepRow = (name: string): Place => statement(`INTO migration_control.step .* ${name} `);

/** Side effects, each of which is killed before and after. */
const effects: readonly Effect[] = [
  ['the row of the run', commit('INSERT INTO migration_control.run '), 0],
  ['the rows of a plan', commit('INSERT INTO migration_control.chunk '), 1],
  ['the removal', commit('DELETE FROM migration_control.ledger'), 0],
  ['the session on the source', source('open'), 6],
  ["the mark of a chunk's beginning", statement('migration_control.chunk SET started_at'), 6],
  ['a raw part', object('^raw putFile'), 12],
  ['a raw manifest', object('^raw putIf'), 8],
  ["the export's record", stepRow('export'), 6],
  ['a transformed part', object('^transformed putFile'), 10],
  ['a transformed manifest', object('^transformed putIf'), 6],
  ["the transform's record", stepRow('transform'), 6],
  ['the commit of the rows', commit('^COPY '), 6],
  ["the import's record", stepRow('import'), 6],
  ['the mark DONE', statement("UPDATE migration_control.chunk c SET state = 'DONE'"), 6],
  ["the checksum's record", stepRow('checksum'), 6],
  ['an empty chunk, whole', commit('INSERT INTO migration_control.checksum'), 0],
  ["the target's record", statement('INSERT INTO migration_control.target '), 0],
  ['the statistics files', object('^stats putFile .*csv'), 1],
  ['the report', object('^stats putFile .*report\\.json'), 0],
  ["the run's end", statement('UPDATE migration_control.run SET state'), 0],
];

/** Activities whose worker dies when all is done and nobody has heard of it. */
const activities: readonly (readonly [string, number])[] = [
  ['openRun', 0],
  ['planDatabase', 1],
  ['prepareTargets', 0],
  ['listChunks', 0],
  ['exportChunk', 6],
  ['transformChunk', 6],
  ['importChunk', 6],
  ['checksumChunk', 6],
  ['finalizeTarget', 0],
  ['writeReport', 0],
];

/** A worker that kills itself at a place, once that has been spared so often at most. */
export const killAt = (name: string, place: Place, when: 'before' | 'after', spared: number): Point => ({
  name,
  strike: (drill) =>
    drill.killedIn(async () => {
      await drill.arm({ place, when, act: { kind: 'kill' }, spare: drill.pick(0, spared) });
      await drill.start();
    }),
});

/** A worker that kills itself: before and after each side effect, in the middle, and before its answer. */
export const killPoints: readonly Point[] = [
  ...effects.flatMap(([name, place, spared]) => [
    killAt(`killed before ${name}`, place, 'before', spared),
    killAt(`killed after ${name}`, place, 'after', spared),
  ]),
  killAt('killed in the middle of reading the source', source('batch'), 'after', 8),
  killAt('killed in the middle of COPY', { on: 'copy', text: '^COPY ' }, 'before', 6),
  killAt('killed before the session on the source is closed', source('close'), 'before', 6),
  ...activities.map(([name, spared]) =>
    killAt(`killed when ${name} is done, before its answer`, activity(name), 'after', spared),
  ),
];
