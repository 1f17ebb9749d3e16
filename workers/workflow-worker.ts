import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { taskQueue } from '../workflows/options.js';
import { runWorker } from './run-worker.js';

/** Bundled by the image's build; from sources the worker bundles at its start, in some seconds. */
const prebuilt = join(__dirname, '..', 'workflow-bundle.js');

void runWorker(async () => ({
  name: 'workflow',
  workers: [
    {
      taskQueue,
      ...(existsSync(prebuilt)
        ? { workflowBundle: { codePath: prebuilt } }
        : { workflowsPath: require.resolve('../workflows/index') }),
      reuseV8Context: true,
      maxCachedWorkflows: 2_000,
    },
  ],
}));
