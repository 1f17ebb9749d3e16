import { availableParallelism } from 'node:os';
import type { RunConfig } from '../config/run-config.js';

const coresOfProcess = 2;
const defaultMost = 4;

/** Cores that this machine gives; containers' shares are counted too. */
export const cores = availableParallelism();

/**
 * Activity processes where nobody asks for a number: one for each two cores, as JavaScript keeps about one core of a
 * process busy, and its threads (DuckDB, TLS, compression) another. At most four, as more would leave each less than
 * 256 MB of the default `duckdb.memoryLimit`; whoever raises that raises both.
 */
export function defaultProcesses(available = cores): number {
  return Math.min(defaultMost, Math.max(1, Math.floor(available / coresOfProcess)));
}

/** The part of what one machine may use that one of its `processes` may use. */
export function shareOf(
  { memoryLimit, threads }: RunConfig['duckdb'],
  processes: number,
): RunConfig['duckdb'] {
  if (processes === 1) return { memoryLimit, threads };
  const [, size, unit] = /^([\d.]+) ?(\w+)$/.exec(memoryLimit) ?? [];
  return {
    memoryLimit: `${(Number(size) / processes).toFixed(3)}${unit}`,
    threads: Math.max(1, Math.floor(threads / processes)),
  };
}
