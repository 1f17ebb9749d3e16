import { createActivities } from '../../activities/index.js';
import { activityRole, maxConcurrentSteps } from '../../workers/activity-role.js';
import { createDependencies } from '../../workers/dependencies.js';
import { runWorker } from '../../workers/run-worker.js';
import { type WorkerFault, WorkerFaults } from './worker-faults.js';

/** What the drill may say to the worker. */
export interface Order {
  /** Arms these in the place of all before. */
  readonly faults?: readonly WorkerFault[];
  /** Sets the wall clock off by so much; right again with the next order. */
  readonly clockMs?: number;
}

/** The product's activity worker, except that it fails where the drill tells it to. */
function main(): void {
  const faults = new WorkerFaults(() => process.send?.('struck'));
  const now = Date.now;
  process.on('message', ({ faults: armed = [], clockMs = 0 }: Order) => {
    faults.arm(armed);
    Date.now = () => now() + clockMs;
    process.send?.('understood');
  });
  process.channel?.unref();
  void runWorker(async (environment) => {
    const { dependencies, close } = await createDependencies(environment, maxConcurrentSteps);
    return activityRole(faults.activities(createActivities(faults.dependencies(dependencies))), close);
  });
}

main();
