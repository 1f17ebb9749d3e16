import { Command } from 'commander';
import { readSettings } from '../services/settings.js';
import { runDemo } from './demo.js';

const environmentHelp = `
Environment:
  ROWS=1000000       rows per source table and database (40000)
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

runDemo(readSettings(process.env), {
  keep: process.env.KEEP === '1',
  ...(process.env.JOB_MODE ? { jobMode: process.env.JOB_MODE } : {}),
  ...(process.env.ROWS ? { rowsAsked: true } : {}),
}).then(
  (holds) => process.exit(holds ? 0 : 1),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exit(1);
  },
);
