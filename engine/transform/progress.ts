import type { DuckDbSession } from './duckdb.js';
import type { TransformRequest } from './engine.js';

export interface ProgressMeter {
  addBytes(bytes: number): void;
  stop(): void;
}

const pollMs = 500;

/** DuckDB counts its progress only where it would show a bar; each batch that is read then takes longer. */
const counting = 'SET enable_progress_bar = true; SET enable_progress_bar_print = false';

/** Reports counters that only grow; DuckDB's own are asked twice a second, and start anew with each statement. */
export async function startProgress(
  session: DuckDbSession,
  report: TransformRequest['onProgress'],
): Promise<ProgressMeter> {
  await session.run(counting);
  const { connection } = session;
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
