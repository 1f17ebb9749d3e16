import { createActivities } from '../activities/index.js';
import { activityRole, maxConcurrentSteps } from './activity-role.js';
import { createDependencies } from './dependencies.js';
import { runWorker } from './run-worker.js';

/** How many of these the launcher runs side by side. */
const processes = Number(process.argv[2] ?? 1);

void runWorker(async (environment) => {
  const { dependencies, close } = await createDependencies(environment, maxConcurrentSteps, processes);
  return activityRole(createActivities(dependencies), close);
});
