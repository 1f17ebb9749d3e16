import { MigrationError } from '../errors.js';
import type { ReadDriverLog } from './driver-log.js';
import type { JobRun } from './glue-api.js';
import { harmlessLines } from './harmless-lines.js';
import { adviceFor } from './job-states.js';

/** GLUE_RUN about a run that ended without a result: its state, what to do, and what its log may tell. */
export async function runFailure(run: JobRun, readLog: ReadDriverLog): Promise<MigrationError> {
  const { job, id, state, errorMessage = '' } = run;
  const ended =
    state === 'SUCCEEDED' ? 'succeeded without leaving a result.' : `ended as ${state}. ${adviceFor(state)}`;
  const said = harmlessLines(errorMessage).join(' ');
  const reason = said === '' ? '' : ` Glue says: ${said}.`;
  return new MigrationError(
    'GLUE_RUN',
    `Run ${id} of job '${job}' ${ended.trim()}${reason} ${await readLog(run)}`,
  );
}

/** The last failure of several as one that is not tried again by itself; what is final already stays as it is. */
export function spent(error: unknown, failures: number): unknown {
  if (!(error instanceof MigrationError) || !error.retryable) return error;
  return new MigrationError(
    'GLUE_RUNS_SPENT',
    `${failures} runs have failed, the last with ${error.code}: ${error.message}`,
    { cause: error.cause },
  );
}
