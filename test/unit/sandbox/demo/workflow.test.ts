import { shellCommand, startArguments } from '../../../../sandbox/demo/workflow.js';

describe('the command that starts a migration', () => {
  it('is the one of the README', () => {
    expect(shellCommand(startArguments('cell_perf_stats', {}))).toBe(
      `temporal workflow start --type migrateCategory --task-queue migration --workflow-id migrate/cell_perf_stats --input '{"category":"cell_perf_stats"}'`,
    );
  });

  it('carries a job mode', () => {
    expect(shellCommand(startArguments('c', { jobMode: 'restart' }))).toContain(
      `'{"category":"c","jobMode":"restart"}'`,
    );
  });
});
