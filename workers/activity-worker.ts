import { createActivities } from '../activities/index.js';
import { createDependencies } from './dependencies.js';
import { runWorker } from './run-worker.js';

/** Chunks whose steps one process runs at once; each step bounds its own buffers. */
const maxConcurrentSteps = 8;

void runWorker(async (environment) => {
  const { dependencies, close } = await createDependencies(environment, maxConcurrentSteps);
  return {
    name: 'activity',
    options: {
      activities: createActivities(dependencies),
      maxConcurrentActivityTaskExecutions: maxConcurrentSteps,
    },
    close,
  };
});
