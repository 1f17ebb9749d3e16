import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import { Command, Option } from 'commander';
import { loadTemporalEnvironment } from '../config/environment.js';
import { connectionOptions } from '../config/temporal-environment.js';
import { taskQueue } from '../workflows/options.js';

/**
 * Health of a container: does Temporal see it polling for the tasks of its role? That a process is alive says little,
 * and a worker has no port to ask. Exit code 0 or 1, with one line that says why.
 */
const taskQueueTypes = { workflows: 1, activities: 2 } as const;
type Role = keyof typeof taskQueueTypes;
const roles = Object.keys(taskQueueTypes) as Role[];

const { role } = new Command('health')
  .addOption(new Option('--role <role>', 'as the worker has it').choices(['all', ...roles]).default('all'))
  .parse()
  .opts<{ role: Role | 'all' }>();

async function requirePollers(): Promise<void> {
  const temporal = loadTemporalEnvironment();
  const connection = await Connection.connect({ ...connectionOptions(temporal), connectTimeout: '4s' });
  try {
    for (const wanted of role === 'all' ? roles : [role]) {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace: temporal.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: taskQueueTypes[wanted],
      });
      // The SDK's default identity is `<pid>@<hostname>`.
      if (!(pollers ?? []).some(({ identity }) => identity?.endsWith(`@${hostname()}`)))
        throw new Error(`This container does not poll for tasks of ${wanted}.`);
    }
  } finally {
    await connection.close();
  }
}

requirePollers().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
