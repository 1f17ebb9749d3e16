import type { CategoryStatus } from '../../workflows/messages.js';

const nothing = { chunks: 0, rows: 0, bytes: 0 };

/** A run in the middle of copying from two servers, for what shows or answers one. */
export function categoryStatus(changes: Partial<CategoryStatus> = {}): CategoryStatus {
  const steps = {
    export: { chunks: 5, rows: 5_000, bytes: 1_234_567 },
    transform: { chunks: 4, rows: 4_000, bytes: 400_000 },
    import: { chunks: 3, rows: 3_000, bytes: 300_000 },
    checksum: nothing,
  };
  const chunks = { planned: 6, done: 2, parked: 0, skipped: 0 };
  return {
    category: 'cat',
    runId: 'run-1',
    phase: 'COPYING',
    pauses: [],
    servers: ['server01', 'server02'].map((server) => ({ server, limit: 4, now: 4, chunks, steps })),
    chunks: { planned: 12, done: 4, parked: 0, skipped: 0 },
    rowsPlanned: 12_000,
    rowsLeftOut: 0,
    steps,
    databases: { running: 2, left: 4 },
    parked: [],
    slow: [],
    warnings: [],
    ...changes,
  };
}
