import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure } from '@temporalio/common';
import { outlivingWorkers } from '../../../workflows/outliving-workers.js';

const failed = (cause: Error) =>
  new ActivityFailure('failed', 'plan', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, 'worker', cause);
const lost = failed(new TimeoutFailure('no heartbeat', undefined, 'HEARTBEAT'));

function activity(...outcomes: readonly (Error | number)[]) {
  const calls: number[] = [];
  const plan = async (input: number): Promise<number> => {
    calls.push(input);
    const outcome = outcomes[Math.min(calls.length, outcomes.length) - 1];
    if (typeof outcome !== 'number') throw outcome;
    return outcome;
  };
  return { calls, plan: outlivingWorkers({ plan }).plan };
}

describe('activities that outlive their workers', () => {
  it('go on where the last attempt was lost with its worker', async () => {
    const { plan, calls } = activity(lost, lost, 7);
    await expect(plan(1)).resolves.toBe(7);
    expect(calls).toEqual([1, 1, 1]);
  });

  it('fail at once by what they meet themselves', async () => {
    const refused = failed(ApplicationFailure.nonRetryable('refused'));
    const { plan, calls } = activity(refused);
    await expect(plan(1)).rejects.toBe(refused);
    expect(calls).toHaveLength(1);
  });

  it('fail at once by any other time-out', async () => {
    const late = failed(new TimeoutFailure('late', undefined, 'START_TO_CLOSE'));
    const { plan } = activity(late);
    await expect(plan(1)).rejects.toBe(late);
  });

  it('give up where each round ends like that', async () => {
    const { plan, calls } = activity(lost);
    await expect(plan(1)).rejects.toBe(lost);
    expect(calls).toHaveLength(4);
  });
});
