import { controlTaskQueue, taskQueue } from '../workflows/options.js';
import type { Role } from './run-worker.js';

/** Chunks whose steps one process runs at once; each step bounds its own buffers. */
export const maxConcurrentSteps = 8;
/** Control activities hold next to nothing; guards and plans among them last long. */
const maxConcurrentControls = 100;

/** The worker of activities: one process, with slots for steps and slots for control kept apart. */
export function activityRole(activities: object, close: () => Promise<void>): Role {
  return {
    name: 'activity',
    workers: [
      { taskQueue, activities, maxConcurrentActivityTaskExecutions: maxConcurrentSteps },
      {
        taskQueue: controlTaskQueue,
        activities,
        maxConcurrentActivityTaskExecutions: maxConcurrentControls,
      },
    ],
    close,
  };
}
