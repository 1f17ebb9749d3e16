import type { Target } from '../engine/postgres/connection.js';
import { findRun } from '../engine/postgres/control/find-run.js';
import type { Run } from '../engine/postgres/control/types.js';
import { CliError } from './cli-error.js';

/** A run as the control tables know it, which outlives what Temporal remembers: the latest, or the one of that id. */
export async function requireRecordedRun(target: Target, category: string, runId?: string): Promise<Run> {
  const run = await findRun(target, category, runId);
  if (run !== undefined) return run;
  throw new CliError(
    'refused',
    `${target.address} has no run ${runId === undefined ? '' : `'${runId}' `}of ${category}: ` +
      `start one with: migrate start ${category}; if one runs, it is still being opened.`,
  );
}
