import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.js';
import { parseEnvironment } from '../../config/environment.js';
import { createDependencies } from '../../workers/dependencies.js';
import { taskQueue } from '../../workflows/options.js';
import { type CrashPointName, crashPoints } from '../support/crash-points.js';

/** An activity worker that kills itself with SIGKILL at the point that its only argument names. */
async function main(): Promise<void> {
  const point = crashPoints[process.argv[2] as CrashPointName];
  const environment = parseEnvironment(process.env);
  const { dependencies } = await createDependencies(environment, 4);
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address: environment.temporal.address }),
    taskQueue,
    activities: createActivities(point(dependencies, crash)),
    maxConcurrentActivityTaskExecutions: 3,
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  });
  await worker.run();
}

function crash(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

void main();
