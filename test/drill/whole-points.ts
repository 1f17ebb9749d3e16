import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Drill, Point } from './drill.js';
import { category, type DrillEstate, databases } from './drill-estate.js';
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
export const wholePoints: readonly Point[] = [
  ...kills.map(([name, place, when, spared]) => killAt(`killed ${name}`, place, when, spared)),
  killWhereLost('before'),
  killWhereLost('after'),
].map(({ name, strike }) => ({
  name: `a whole: ${name}`,
  strike: async (drill) => {
    setScope(drill.estate, 'database');
    drill.finally(async () => setScope(drill.estate, 'chunk'));
    await strike(drill);
  },
}));

/** Exports vanish when all are there: they are forgotten, and made again. */
function killWhereLost(when: 'before' | 'after'): Point {
  return {
    name: `killed ${when} exports that are gone are forgotten`,
    strike: (drill) =>
      drill.killedIn(async () => {
        const struck = drill.estate.workers.activities.says('struck');
        await drill.arm(
          {
            place: { on: 'activity', name: 'transformWhole' },
            ...{ when: 'before', act: { kind: 'wait', ms: 3_000, times: 1 }, spare: 0 },
          },
          {
            place: { on: 'commit', text: 'DELETE FROM migration_control.whole_member' },
            ...{ when, act: { kind: 'kill' }, spare: 0 },
          },
        );
        await drill.start();
        await struck;
        loseExports(drill);
      }),
  };
}

/** The raw manifest of a window of each database: one of them is about to be transformed. */
function loseExports(drill: Drill): void {
  const raw = fileURLToPath(drill.estate.environment.RAW_BUCKET ?? '');
  const manifests = readdirSync(raw, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('/manifest.json'),
  );
  for (const database of databases) {
    const own = manifests.filter((path) => path.includes(`/${database}/`));
    const lost = own[drill.pick(0, own.length - 1)];
    if (lost !== undefined) rmSync(join(raw, lost));
  }
}

function setScope({ environment }: DrillEstate, scope: 'chunk' | 'database'): void {
  const path = join(environment.CONFIG_DIR ?? '', `categories/${category}.json`);
  const json = JSON.parse(readFileSync(path, 'utf8')) as { readonly targets: readonly object[] };
  writeFileSync(
    path,
    JSON.stringify({ ...json, targets: json.targets.map((target) => ({ ...target, scope })) }),
  );
}
