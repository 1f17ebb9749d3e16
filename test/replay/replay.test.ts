import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { type History, recordedHistories, startOf } from '../support/histories.js';
import { workflowBundle } from '../support/temporal.js';

/**
 * Recorded with RECORD_HISTORIES=1 by test/integration/workflows and test/replay/history-content.test.ts. A failure
 * here means that workflows which run while this code is deployed would get stuck: see docs/deploying.md.
 */
const histories = recordedHistories();

async function replay(history: History): Promise<void> {
  // The category refuses any id but its own.
  await Worker.runReplayHistory(
    { workflowBundle: await workflowBundle() },
    history,
    startOf(history).workflowId,
  );
}

describe("today's workflow code", () => {
  it('is held against a history of every workflow', () => {
    const types = new Set([...histories.values()].map((history) => startOf(history).type));
    expect([...types].sort()).toEqual(['migrateCategory', 'migrateChunk', 'migrateDatabase', 'serverGate']);
  });

  it.each([...histories])('decides as in %s', (_, history) => replay(history), 60_000);

  it('is found out where it decides otherwise', async () => {
    const [history] = [...histories.values()].filter(
      (candidate) => startOf(candidate).type === 'migrateChunk',
    );
    const changed = structuredClone(history) as History;
    const scheduled = changed.events?.find((event) => event.activityTaskScheduledEventAttributes);
    if (scheduled?.activityTaskScheduledEventAttributes?.activityType)
      scheduled.activityTaskScheduledEventAttributes.activityType.name = 'checksumChunk';
    await expect(replay(changed)).rejects.toThrow(DeterminismViolationError);
  }, 60_000);
});
