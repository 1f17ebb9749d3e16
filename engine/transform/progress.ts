import type { DuckDbSession } from './duckdb.js';
import type { TransformRequest } from './engine.js';

export interface ProgressMeter {
  addBytes(bytes: number): void;
  stop(): void;
}

const pollMs = 500;

/** Reports counters that only grow; DuckDB's own are asked twice a second, and start anew with each statement. */
export function startProgress(
  { connection }: DuckDbSession,
  report: TransformRequest['onProgress'],
): ProgressMeter {
  let bytes = 0;
  let rows = 0;
  let seen = 0;
  const poll = () => {
    const processed = Number(connection.progress.rows_processed);
    if (processed === seen) return;
    rows += processed > seen ? processed - seen : processed;
    seen = processed;
    report?.({ rows, bytes });
  };
  const timer = setInterval(poll, pollMs);
  return {
    addBytes(more) {
      bytes += more;
      report?.({ rows, bytes });
    },
    stop: () => clearInterval(timer),
  };
}
