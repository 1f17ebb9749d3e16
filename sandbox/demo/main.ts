import { Command } from 'commander';
import { runningSandbox } from '../services/sandbox.js';
import { readSettings } from '../services/settings.js';
import { runDemo, stopStarted } from './demo.js';

const environmentHelp = `
Environment:
  ROWS=1000000       rows per source table and database (40000)
  STORAGE=s3         buckets on a local S3 server, secret and parameters on a stand-in for AWS (file)
  KEEP=1             leave everything running at the end, to look around
  JOB_MODE=resume    the run's job_mode; by default the first run resumes nothing and later ones restart
  SANDBOX_*          ports and directory, see: npm run sandbox -- --help
`;

new Command('npm run demo --')
  .description(
    'Migrates the founding input from two SQL Servers to PostgreSQL on this machine and proves the result.',
  )
  .addHelpText('after', environmentHelp)
  .parse();

const settings = readSettings(process.env);
const usesRunning = runningSandbox(settings.directory) !== undefined;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    console.log('\nStopping …');
    await stopStarted(settings.directory, usesRunning);
    process.exit(130);
  });
}

runDemo(settings, {
  keep: process.env.KEEP === '1',
  usesRunning,
  ...(process.env.JOB_MODE ? { jobMode: process.env.JOB_MODE } : {}),
  asked: (['rows', 'storage'] as const).filter((name) => process.env[name.toUpperCase()]),
}).then(
  (holds) => end(holds ? 0 : 1),
  (error: unknown) => {
    // What fails because it is being stopped is no news.
    if (!stopping) console.error(`\n${error instanceof Error ? error.message : error}`);
    end(1);
  },
);

/** The services that are kept would hold this process: it ends by itself, but never before a stop is complete. */
function end(code: number): void {
  if (!stopping) process.exit(code);
}
