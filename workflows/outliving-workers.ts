import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';

/** What ends a worker each time must not go on for ever. */
const rounds = 4;

/**
 * The same activities, each tried for another round where its attempts were spent and the last of them was lost with its
 * worker: attempts are for what the activity itself meets, and deployments or a machine in trouble may take several
 * workers in a row.
 */
export function outlivingWorkers<T extends object>(activities: T): T {
  return new Proxy(activities, {
    get: (target, name) => {
      const activity = Reflect.get(target, name) as (...input: unknown[]) => Promise<unknown>;
      return async (...input: unknown[]): Promise<unknown> => {
        for (let round = 1; ; round += 1) {
          try {
            return await activity(...input);
          } catch (error) {
            if (round === rounds || !lostItsWorker(error)) throw error;
          }
        }
      };
    },
  });
}

function lostItsWorker(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'HEARTBEAT'
  );
}
