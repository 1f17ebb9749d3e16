import { Worker } from '@temporalio/worker';
import { recordedHistories, startOf } from '../support/histories.js';
import { workflowBundle } from '../support/temporal.js';

/**
 * Recorded with RECORD_HISTORIES=1 by test/integration/workflows and test/replay/history-content.test.ts. A failure
 * here means that workflows which run while this code is deployed would get stuck.
 */
const histories = recordedHistories();

describe("today's workflow code", () => {
  it('is held against a history of every workflow', () => {
    const types = new Set([...histories.values()].map((history) => startOf(history).type));
    expect([...types].sort()).toEqual(['migrateCategory', 'migrateChunk', 'migrateDatabase']);
  });

  it.each([...histories])(
    'decides as in %s',
    async (_, history) => {
      const options = { workflowBundle: await workflowBundle() };
      // The category refuses any id but its own.
      await Worker.runReplayHistory(options, history, startOf(history).workflowId);
    },
    60_000,
  );
});
