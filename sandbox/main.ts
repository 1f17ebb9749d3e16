import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { sandboxPaths } from './services/paths.js';
import {
  removeSandbox,
  runningSandbox,
  type SandboxState,
  startSandbox,
  stopSandbox,
} from './services/sandbox.js';
import { readSettings } from './services/settings.js';

const environmentHelp = `
Environment:
  ROWS                     rows per source table and database (40000)
  STORAGE                  file (default), or s3: buckets, secret and parameters on local servers of AWS's protocols
  SANDBOX_DIRECTORY        where everything is kept (.sandbox)
  SANDBOX_TEMPORAL_PORT    Temporal (7233)        SANDBOX_TEMPORAL_UI_PORT  its Web UI (8233)
  SANDBOX_POSTGRES_PORT    PostgreSQL (54329)
  SANDBOX_SERVER01_PORT    SQL Server (14331)     SANDBOX_SERVER02_PORT     SQL Server (14332)
`;

let stopping = false;

interface Flags {
  readonly reset?: true;
  readonly stop?: true;
  readonly remove?: true;
}

async function main(): Promise<void> {
  const program = new Command('npm run sandbox --')
    .description('Starts everything the migration talks to, on this machine, and stays up until Ctrl-C.')
    .option('--reset', 'first remove all data of earlier starts')
    .option('--stop', 'stop the sandbox (and worker) that is up, and end')
    .option('--remove', 'stop it, remove all its data, and end')
    .addHelpText('after', environmentHelp)
    .parse();
  const flags = program.opts<Flags>();
  const settings = readSettings(process.env);
  const { directory } = settings;
  if (flags.stop) return stopSandbox(directory);
  if (flags.remove) return removeSandbox(directory);
  if (flags.reset) await removeSandbox(directory);
  stopOnSignal(directory);
  const first = !existsSync(directory);
  console.log(
    `Starting the sandbox${first ? ' for the first time: its databases are made and filled' : ''} …`,
  );
  const began = Date.now();
  const state = await startSandbox(settings, resolve('.env.sandbox'));
  console.log(`Up after ${((Date.now() - began) / 1000).toFixed(1)} s.\n${describe(state)}`);
  watch(directory);
}

function stopOnSignal(directory: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, async () => {
      if (stopping) return;
      console.log('Stopping …');
      // What is still starting fails now, because it is being stopped: that is no news.
      stopping = true;
      await stopSandbox(directory);
      process.exit(0);
    });
  }
}

/** Stays until the sandbox is gone: stopped from elsewhere, or one of its services died and the rest is useless. */
function watch(directory: string): void {
  const { state } = sandboxPaths(directory);
  setInterval(async () => {
    if (stopping || runningSandbox(directory)) return;
    stopping = true;
    const died = existsSync(state);
    if (died)
      console.error(`A service ended by itself; see ${join(directory, 'logs')}. Stopping the others.`);
    await stopSandbox(directory);
    process.exit(died ? 1 : 0);
  }, 1_000);
}

function describe(state: SandboxState): string {
  const servers = Object.entries(state.servers).map(([name, address]) => `${name} ${address}`);
  const start =
    `temporal workflow start --type migrateCategory --task-queue migration --fail-existing \\\n` +
    `    --workflow-id migrate/cell_perf_stats --input '{"category":"cell_perf_stats"}'`;
  return `
  SQL Servers   ${servers.join(', ')}: DatabaseA, DatabaseB; ${state.rows} rows a table (server02/DatabaseB is empty)
  Temporal      ${state.temporalAddress}, Web UI ${state.webUi}
  PostgreSQL    ${state.psql}
  Buckets       ${Object.values(state.buckets).join('\n                ')}
  Environment   ${state.envFile} (read by the worker where there is no .env)

Next, in other terminals:
  npm run worker
  ${start}
The Temporal CLI is ${state.temporalCli}
Ctrl-C stops everything.`;
}

main().catch((error: unknown) => {
  if (stopping) return;
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
