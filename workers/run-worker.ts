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

/** On top of the drain: steps are cancelled then, and must have let go of source and target. */
const cancelMs = 15_000;

/** Runs one worker until SIGINT or SIGTERM; sets the exit code. Errors are told in one line, without a stack. */
export async function runWorker(create: (environment: Environment) => Promise<Role>): Promise<void> {
  let connection: NativeConnection | undefined;
  let role: Role | undefined;
  try {
    const environment = loadEnvironment();
    connection = await connect(environment);
    await ensureSearchAttributes(connection, environment.temporal.namespace);
    role = await create(environment);
    const drainMs = environment.drainSeconds * 1000;
    const worker = await Worker.create({
      ...role.options,
      taskQueue,
      connection,
      namespace: environment.temporal.namespace,
      // Running steps may end; what has not by then is cancelled, and done again by another worker.
      shutdownGraceTime: drainMs,
      shutdownForceTime: drainMs + cancelMs,
      maxHeartbeatThrottleInterval: '1s',
      defaultHeartbeatThrottleInterval: '1s',
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => stop(worker, environment.drainSeconds));
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

/** Ctrl-C reaches this process twice: from the terminal, and from the launcher, which passes on what it gets. */
const onceMs = 1_000;
let stoppedAt: number | undefined;

/** The first time drains; the second time leaves at once: Temporal gives what ran to another worker in ten seconds. */
function stop(worker: Worker, drainSeconds: number): void {
  stoppedAt ??= Date.now();
  if (Date.now() - stoppedAt > onceMs) process.exit(1);
  if (worker.getState() !== 'RUNNING') return;
  process.stdout.write(`Stopping: running steps have up to ${drainSeconds} s. Once more to leave at once.\n`);
  worker.shutdown();
}
