import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Point } from './drill.js';
import { category, type DrillEstate } from './drill-estate.js';
import { killAt } from './kill-points.js';
import type { Place } from './worker-faults.js';

/** [what it is called, where, when, largest number of times that the place is spared first] */
type Kill = readonly [string, Place, 'before' | 'after', number];

const kills: readonly Kill[] = [
  [
    "after a chunk's export is noted",
    { on: 'statement', text: 'INTO migration_control.whole_member ' },
    'after',
    6,
  ],
  ['in the middle of its parts', { on: 'object', text: '^transformed putFile' }, 'after', 12],
  ['in the middle of its manifests', { on: 'object', text: '^transformed putIf' }, 'after', 8],
  [
    'before its commit',
    { on: 'commit', text: 'UPDATE migration_control.whole_member SET whole' },
    'before',
    1,
  ],
  ['after its commit', { on: 'commit', text: 'UPDATE migration_control.whole_member SET whole' }, 'after', 1],
  ['when it is transformed, before the answer', { on: 'activity', name: 'transformWhole' }, 'after', 1],
  ['before the commit of the rows', { on: 'commit', text: '^COPY ' }, 'before', 6],
];

/** The founding case with one transform for each database: what it gives is the same. */
export const wholePoints: readonly Point[] = kills.map(([name, place, when, spared]) => {
  const point = killAt(`a whole: killed ${name}`, place, when, spared);
  return {
    ...point,
    strike: async (drill) => {
      setScope(drill.estate, 'database');
      drill.finally(async () => setScope(drill.estate, 'chunk'));
      await point.strike(drill);
    },
  };
});

function setScope({ environment }: DrillEstate, scope: 'chunk' | 'database'): void {
  const path = join(environment.CONFIG_DIR ?? '', `categories/${category}.json`);
  const json = JSON.parse(readFileSync(path, 'utf8')) as { readonly targets: readonly object[] };
  writeFileSync(
    path,
    JSON.stringify({ ...json, targets: json.targets.map((target) => ({ ...target, scope })) }),
  );
}
