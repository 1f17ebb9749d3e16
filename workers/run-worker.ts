import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type Environment, loadEnvironment } from '../config/environment.js';
import { MigrationError } from '../engine/errors.js';
import { taskQueue } from '../workflows/options.js';
import { connect } from './connection.js';
import { ensureSearchAttributes } from './search-attributes.js';

/** What differs between the two processes; `close` frees what it holds outside Temporal. */
export interface Role {
  readonly name: string;
  /** One for each task queue that it serves. */
  readonly workers: readonly Omit<WorkerOptions, 'connection' | 'namespace'>[];
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
    const shared = {
      connection,
      namespace: environment.temporal.namespace,
      // Running steps may end; what has not by then is cancelled, and done again by another worker.
      shutdownGraceTime: drainMs,
      shutdownForceTime: drainMs + cancelMs,
      maxHeartbeatThrottleInterval: '1s',
      defaultHeartbeatThrottleInterval: '1s',
    } as const;
    const workers = await Promise.all(
      role.workers.map((options) => Worker.create({ ...shared, ...options })),
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => stop(workers, environment.drainSeconds));
    process.stdout.write(
      `The ${role.name} worker is ready: task queue '${taskQueue}' at ${environment.temporal.address}.\n`,
    );
    await runAll(workers);
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
function stop(workers: readonly Worker[], drainSeconds: number): void {
  stoppedAt ??= Date.now();
  if (Date.now() - stoppedAt > onceMs) process.exit(1);
  const running = workers.filter((worker) => worker.getState() === 'RUNNING');
  if (running.length === 0) return;
  process.stdout.write(`Stopping: running steps have up to ${drainSeconds} s. Once more to leave at once.\n`);
  for (const worker of running) worker.shutdown();
}

/** Until all have stopped; one that fails takes the others with it. */
async function runAll(workers: readonly Worker[]): Promise<void> {
  const stopOthers = (error: unknown): never => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    throw error;
  };
  const ended = await Promise.allSettled(workers.map((worker) => worker.run().catch(stopOthers)));
  const failed = ended.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
