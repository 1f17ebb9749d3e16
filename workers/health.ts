import { existsSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { Command, Option } from 'commander';
import { loadTemporalEnvironment } from '../config/environment.js';
import { connectionOptions } from '../config/temporal-environment.js';
import { polls, type Role } from './pollers.js';

/**
 * Health of a container: does Temporal see it polling for the tasks of its role? That a process is alive says little,
 * and a worker has no port to ask. Exit code 0 or 1, with one line that says why. Where Temporal does not answer, a
 * container that was healthy before stays so: its steps go on meanwhile, and another container would not be told more.
 */
const roles = ['workflows', 'activities'] as const satisfies readonly Role[];
const answerWithinMs = 4_000;

const { role } = new Command('health')
  .addOption(new Option('--role <role>', 'as the worker has it').choices(['all', ...roles]).default('all'))
  .parse()
  .opts<{ role: Role | 'all' }>();

/** There once the container was healthy. */
const mark = join(tmpdir(), `worker-${role}-was-healthy`);

/** The roles that this container should poll for and does not. Throws where Temporal does not answer. */
async function rolesUnserved(): Promise<readonly Role[]> {
  const temporal = loadTemporalEnvironment();
  const connection = await Connection.connect({
    ...connectionOptions(temporal),
    connectTimeout: answerWithinMs,
  });
  try {
    return await connection.withDeadline(Date.now() + answerWithinMs, async () => {
      const unserved: Role[] = [];
      for (const wanted of role === 'all' ? roles : [role])
        if (!(await polls(connection, temporal.namespace, wanted, hostname()))) unserved.push(wanted);
      return unserved;
    });
  } finally {
    await connection.close();
  }
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

rolesUnserved().then(
  (unserved) => {
    if (unserved.length === 0) return writeFileSync(mark, '');
    tell(`This container does not poll for tasks of ${unserved.join(', ')}.`);
    process.exitCode = 1;
  },
  (error: unknown) => {
    const known = existsSync(mark);
    tell(`${known ? 'Taken as healthy: ' : ''}${error instanceof Error ? error.message : error}`);
    if (!known) process.exitCode = 1;
  },
);
