// Container health: does Temporal see this container polling for both workflow and activity tasks? That a process
// is alive says little, and a worker has no port to ask.
const { hostname } = require('node:os');
const { Connection } = require('@temporalio/client');

const address = process.env.TEMPORAL_ADDRESS || 'localhost:7233';
const namespace = process.env.TEMPORAL_NAMESPACE || 'default';
const taskQueueTypes = { workflow: 1, activity: 2 };

async function main() {
  const connection = await Connection.connect({ address, connectTimeout: '4s' });
  try {
    for (const [name, taskQueueType] of Object.entries(taskQueueTypes)) {
      const taskQueue = { name: 'migration' };
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue,
        taskQueueType,
      });
      // The SDK's default identity is `<pid>@<hostname>`.
      if (!pollers.some(({ identity }) => identity.endsWith(`@${hostname()}`))) {
        throw new Error(`this container does not poll for ${name} tasks`);
      }
    }
  } finally {
    await connection.close();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
