import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { allocator, v8Flags } from './memory.js';
import { cores, defaultProcesses } from './process-count.js';

/**
 * `npm run worker`: one process for workflow code and some for activities, since decoding rows would starve
 * workflow tasks. `--role` runs only one of them, for deployments that scale them apart.
 */
const roles = { workflows: 'workflow-worker', activities: 'activity-worker' } as const;
type Role = keyof typeof roles;

const options = new Command('worker')
  .description(
    'Run the migration workers until Ctrl-C. Settings come from the environment, .env or .env.sandbox.',
  )
  .addOption(
    new Option('--role <role>', 'which worker').choices(['all', ...Object.keys(roles)]).default('all'),
  )
  .addOption(
    new Option('--processes <n>', `processes for activities, at most the ${cores} cores of this machine`)
      .argParser(processesOf)
      .default(defaultProcesses()),
  )
  .parse()
  .opts<{ role: Role | 'all'; processes: number }>();

const wanted: readonly Role[] = options.role === 'all' ? ['workflows', 'activities'] : [options.role];
const children = wanted.flatMap((role) =>
  Array.from({ length: role === 'activities' ? options.processes : 1 }, () => start(role)),
);
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));

function processesOf(text: string): number {
  const processes = Number(text);
  if (/^\d+$/.test(text) && processes >= 1 && processes <= cores) return processes;
  throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${cores}, the cores of this machine.`);
}

function start(role: Role): ChildProcess {
  const extension = __filename.endsWith('.ts') ? '.ts' : '.js';
  const script = join(__dirname, `${roles[role]}${extension}`);
  const child = spawn(process.execPath, [...process.execArgv, ...v8Flags[role], script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...allocator, ...process.env },
  });
  child.once('exit', (code, signal) => ended(role, code, signal));
  return child;
}

/** A lost half leaves the other useless, and a lost process less than was asked for: stop all and say so, so that whatever supervises us starts again. */
function ended(role: Role, code: number | null, signal: NodeJS.Signals | null): void {
  if (!stopping)
    process.stderr.write(`The ${role} worker ended (${signal ?? `exit code ${code}`}); stopping.\n`);
  if (!stopping || code !== 0) process.exitCode = 1;
  // What drains is told once: a second time would cut it off.
  if (!stopping) stop('SIGTERM');
}

function stop(signal: NodeJS.Signals): void {
  stopping = true;
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}
