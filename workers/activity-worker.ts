import { createActivities } from '../activities/index.js';
import { activityRole, maxConcurrentSteps } from './activity-role.js';
import { createDependencies } from './dependencies.js';
import { runWorker } from './run-worker.js';

void runWorker(async (environment) => {
  const { dependencies, close } = await createDependencies(environment, maxConcurrentSteps);
  return activityRole(createActivities(dependencies), close);
});
