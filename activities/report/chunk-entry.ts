import type { ChunkReport } from '../../engine/postgres/control/reports.js';

/** One chunk as `report.json` has it. */
export function chunkEntry({ chunk, steps, checksums, policies, quarantine }: ChunkReport) {
  return {
    chunk: `${chunk.target}/${chunk.server}/${chunk.database}/${chunk.window.label}`,
    state: chunk.state,
    cause: chunk.cause ?? null,
    rowsPlanned: chunk.rowsPlanned,
    steps: steps.map((step) => ({ ...step, rowsPerSecond: rate(step.rows, step.seconds) })),
    checksums,
    policies,
    quarantine,
  };
}

export function rate(rows: number, seconds: number): number {
  return seconds > 0 ? Math.round(rows / seconds) : 0;
}
