import { availableParallelism } from 'node:os';

const coresOfProcess = 2;
const defaultMost = 4;

/** Cores that this machine gives; containers' shares are counted too. */
export const cores = availableParallelism();

/**
 * Activity processes where nobody asks for a number: one for each two cores, as JavaScript keeps about one core of a
 * process busy, and its threads (DuckDB, TLS, compression) another. At most four, as each takes half a gigabyte and 16
 * connections to the target.
 */
export function defaultProcesses(available = cores): number {
  return Math.min(defaultMost, Math.max(1, Math.floor(available / coresOfProcess)));
}
