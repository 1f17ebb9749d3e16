import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Drill, Point } from './drill.js';
import { category } from './drill-estate.js';
import type { Place, WorkerFault } from './worker-faults.js';

/** 2,000 rows of a table in a few ranges. */
const scanRows = 300;

const commit = (text: string): Place => ({ on: 'commit', text });

/** What one reading for all windows leaves behind: [what it is called, where, how often it is spared first at most]. */
const effects: readonly (readonly [string, Place, number])[] = [
  ['the rows of the ranges', commit('INTO migration_control.scan \\('), 1],
  ["the scan's beginning", commit('INTO migration_control.scan_window'), 1],
  ['a part of a range', { on: 'object', text: '^raw putFile .*/range-' }, 60],
  ['the record of a range', commit('INTO migration_control.scan_part'), 12],
  ["a manifest of the scan's", { on: 'object', text: '^raw putIf' }, 12],
  ["the scan's end", { on: 'statement', text: 'DELETE FROM migration_control.scan WHERE run_id' }, 1],
];

const activities = ['openScan', 'scanRange', 'publishScan'] as const;

/** Has the category read each table once, until the run has ended. */
function onePass(drill: Drill): void {
  const path = join(drill.estate.environment.CONFIG_DIR ?? '', `categories/${category}.json`);
  const before = readFileSync(path, 'utf8');
  const json = JSON.parse(before) as { readonly targets: readonly object[] };
  const chunk = { by: 'date', grain: 'day', onePass: true, scanRows };
  const targets = json.targets.map((target) => ({ ...target, chunk }));
  writeFileSync(path, JSON.stringify({ ...json, consistency: 'quiesced', targets }));
  drill.finally(async () => writeFileSync(path, before));
}

const killed = (name: string, place: Place, when: WorkerFault['when'], spared: number): Point => ({
  name: `one pass: killed ${name}`,
  strike: (drill) =>
    drill.killedIn(async () => {
      onePass(drill);
      await drill.arm({ place, when, act: { kind: 'kill' }, spare: drill.pick(0, spared) });
      await drill.start();
    }),
});

/** Kills while each table is read once for all windows (chunk.onePass). */
export const onePassPoints: readonly Point[] = [
  ...effects.flatMap(([name, place, spared]) => [
    killed(`before ${name}`, place, 'before', spared),
    killed(`after ${name}`, place, 'after', spared),
  ]),
  killed('in the middle of a range', { on: 'source', text: 'batch' }, 'after', 8),
  ...activities.map((name) =>
    killed(
      `when ${name} is done, before its answer`,
      { on: 'activity', name },
      'after',
      name === 'scanRange' ? 8 : 1,
    ),
  ),
  {
    name: 'one pass: terminated after a range, and started in resume',
    async strike(drill) {
      onePass(drill);
      await drill.killedIn(async () => {
        const place = commit('INTO migration_control.scan_part');
        await drill.arm({ place, when: 'after', act: { kind: 'kill' }, spare: drill.pick(0, 10) });
        await drill.start();
      });
      await drill.run.terminate('the drill gives up on it');
      await drill.start('resume');
    },
  },
  {
    name: 'one pass: cut in the middle of a range',
    async strike(drill) {
      onePass(drill);
      const place: Place = { on: 'source', text: 'batch' };
      const act = { kind: 'fail', code: 'SOURCE_CONNECTION', times: 3 } as const;
      await drill.arm({ place, when: 'before', act, spare: drill.pick(0, 8) });
      await drill.start();
    },
  },
];
