import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { outsideAllowedHours } from '../../../activities/allowed-hours';
import { controlTaskQueue, taskQueue } from '../../../workflows/options';

export interface FakeWorker {
  stop(): Promise<void>;
}

/** A worker for fake categories that obey real controls, and for the real keeper of the hours. */
export async function startFakeWorker(temporal: TestWorkflowEnvironment): Promise<FakeWorker> {
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('./fake-workflows'),
      logger: new DefaultLogger('WARN'),
    }),
  });
  const control = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: controlTaskQueue,
    activities: { outsideAllowedHours: outsideAllowedHours() },
  });
  const ended = [worker.run(), control.run()];
  return {
    async stop() {
      worker.shutdown();
      control.shutdown();
      await Promise.all(ended);
    },
  };
}
