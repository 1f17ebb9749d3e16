import { setTimeout as delay } from 'node:timers/promises';
import type { RunConfig, SourceGuard } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { probeGuard } from '../engine/sqlserver/guard-probe.js';
import type { SourceSession } from '../engine/sqlserver/session.js';
import type { Activities, GuardVerdict, WatchSourceInput } from './contract.js';
import type { Dependencies } from './dependencies.js';
import type { RunContexts } from './run-context.js';
import { runStep, type Step } from './step.js';

/** Calm looks in a row before the limit grows: one may be a chance. */
const calmLooks = 2;
/** On top of the pause between two looks, in seconds. */
const probePatience = 60;

/**
 * Looks at a source server by its guard's query until its limit should change. Looks come after a pause, the first one
 * too, so that what changed before has had time to show.
 */
export function watchSource(deps: Dependencies, contexts: RunContexts): Activities['watchSource'] {
  return (input) =>
    runStep(async (step) => {
      const { config } = await contexts.of(input.runId);
      const guard = guardOf(config, input.server);
      step.stallAfter(Math.max(config.stallSeconds, guard.everySeconds + probePatience));
      const session = await deps.openSource(config, guarded(config, input.server), step);
      try {
        return await watch(session, guard, input, step);
      } finally {
        await session.close();
      }
    });
}

/**
 * Asks the guard of a server once, in the database that it will ask from: a wrong query is better found when the run is
 * opened. Nothing where the server has none, or `session` is on another database.
 */
export async function checkGuard(
  config: RunConfig,
  { server, database }: { readonly server: string; readonly database: string },
  session: SourceSession,
  signal: AbortSignal,
): Promise<void> {
  const guard = config.guards[server];
  if (guard === undefined || guarded(config, server).database !== database) return;
  await probeGuard(session, nameOf(server, guard), guard.sql, signal);
}

async function watch(
  session: SourceSession,
  guard: SourceGuard,
  { server, reduced }: WatchSourceInput,
  step: Step,
): Promise<GuardVerdict> {
  for (let calm = 0; ; ) {
    await delay(guard.everySeconds * 1_000, undefined, { signal: step.signal });
    const value = await probeGuard(session, nameOf(server, guard), guard.sql, step.signal);
    step.advance(1);
    const says = `${nameOf(server, guard)} gives ${value}`;
    if (value > guard.threshold)
      return { verdict: 'shrink', value, cause: `${says}, above its threshold of ${guard.threshold}` };
    calm = reduced && value <= guard.recover ? calm + 1 : 0;
    if (calm >= calmLooks)
      return { verdict: 'grow', value, cause: `${says}, not above ${guard.recover} any more` };
  }
}

const nameOf = (server: string, { name }: SourceGuard): string => `Guard of ${server} (${name})`;

function guardOf({ category, guards }: RunConfig, server: string): SourceGuard {
  const guard = guards[server];
  if (guard !== undefined) return guard;
  throw new MigrationError('INTERNAL', `The run of ${category} has no guard of ${server}.`);
}

/** The guard's session needs some database to log in to; the first that is read will do. */
function guarded({ category, databases }: RunConfig, server: string): RunConfig['databases'][number] {
  const database = databases.find((source) => source.server === server);
  if (database !== undefined) return database;
  throw new MigrationError('INTERNAL', `The run of ${category} reads nothing from ${server}.`);
}
