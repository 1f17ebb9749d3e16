import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseStorageEnvironment } from '../../config/environment.js';
import { openBucket } from '../../engine/storage/open-bucket.js';
import { isAlive } from '../../sandbox/services/process.js';
import { sourceSessions, violations } from '../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../support/independent-join.js';
import type { DrillEstate } from './drill-estate.js';

/** Everything that must be so after a fault and the end of its run; a line for each thing that is not. */
export async function findings(estate: DrillEstate): Promise<readonly string[]> {
  const { environment } = estate;
  return [
    ...(await wrongTarget(estate)),
    ...(await estate.withTarget((target) => violations(target, environment))),
    ...(await leftSessions(estate)),
    ...leftSpill(environment.SPILL_DIR ?? ''),
    ...(await strayObjects(environment)),
  ];
}

async function wrongTarget(estate: DrillEstate): Promise<readonly string[]> {
  const expected = digest(await estate.withSources(joinedRows));
  const actual = digest(await estate.withTarget((target) => targetRows(target)));
  return actual === expected ? [] : [`the target is not the join: ${actual} instead of ${expected}`];
}

async function leftSessions(estate: DrillEstate): Promise<readonly string[]> {
  const sessions = await estate.withSources(async ([source]) => (source ? sourceSessions(source) : -1));
  return sessions === 0
    ? []
    : [
        `${sessions} sessions are left on the source; ${estate.proxies.sqlserver.connections} connections of workers`,
      ];
}

/** Directories of dead workers, and of steps that ended in live ones. */
function leftSpill(spill: string): readonly string[] {
  const workers = existsSync(spill) ? readdirSync(spill) : [];
  const dead = workers.filter((name) => !isAlive(Number(/\d+$/.exec(name)?.[0])));
  const steps = workers.flatMap((name) =>
    readdirSync(join(spill, name)).filter((entry) => entry.startsWith('step-')),
  );
  return [
    ...dead.map((name) => `${name} of a dead worker is left in the spill directory`),
    ...steps.map((name) => `${name} is left in the spill directory`),
  ];
}

/** A part lies under an attempt's prefix and a manifest under a window's: nothing else may be there. */
async function strayObjects(environment: DrillEstate['environment']): Promise<readonly string[]> {
  const allowed =
    /\/(manifest\.json|[0-9a-f]{8}-[0-9a-f-]{27}\/(range-\d{5}-[0-9a-f-]{36}-)?part-\d{5}\.parquet)$/;
  const found: string[] = [];
  for (const name of ['RAW_BUCKET', 'TRANSFORMED_BUCKET'] as const)
    for await (const { key } of openBucket(
      environment[name] ?? '',
      parseStorageEnvironment(environment),
    ).list(''))
      if (!allowed.test(key)) found.push(`${key} is neither part nor manifest`);
  return found;
}
