import { defaultProcesses } from '../../../workers/process-count.js';

describe('the activity processes of one machine', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [8, 4],
    [64, 4],
  ])('are, on %d cores, %d', (cores, processes) => {
    expect(defaultProcesses(cores)).toBe(processes);
  });
});
