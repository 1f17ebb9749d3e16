import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type Environment, loadEnvironment } from '../config/environment.js';
import { MigrationError } from '../engine/errors.js';
import { taskQueue } from '../workflows/options.js';
import { connect } from './connection.js';
import { ensureSearchAttributes } from './search-attributes.js';

/** What differs between the two workers; `close` frees what it holds outside Temporal. */
export interface Role {
  readonly name: string;
  readonly options: Omit<WorkerOptions, 'taskQueue' | 'connection' | 'namespace'>;
  readonly close?: () => Promise<void>;
}

/** Time for running activities to notice the shutdown; what is not done by then is done again elsewhere. */
const shutdownGraceTime = '10s';

/** Runs one worker until SIGINT or SIGTERM; sets the exit code. Errors are told in one line, without a stack. */
export async function runWorker(create: (environment: Environment) => Promise<Role>): Promise<void> {
  let connection: NativeConnection | undefined;
  let role: Role | undefined;
  try {
    const environment = loadEnvironment();
    connection = await connect(environment);
    await ensureSearchAttributes(connection, environment.temporal.namespace);
    role = await create(environment);
    const worker = await Worker.create({
      ...role.options,
      taskQueue,
      connection,
      namespace: environment.temporal.namespace,
      shutdownGraceTime,
      maxHeartbeatThrottleInterval: '1s',
      defaultHeartbeatThrottleInterval: '1s',
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(worker));
    process.stdout.write(
      `The ${role.name} worker is ready: task queue '${taskQueue}' at ${environment.temporal.address}.\n`,
    );
    await worker.run();
  } catch (error) {
    const known = error instanceof MigrationError;
    process.stderr.write(
      known ? `${error.code}: ${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`,
    );
    process.exitCode = 1;
  } finally {
    await role?.close?.();
    await connection?.close();
  }
}

function stop(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
