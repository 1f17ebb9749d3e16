import { ensureTemporalCli } from './temporal-cli.js';

/** Installs the Temporal CLI where there is none, and prints its path: for Makefile targets and by hand. */
ensureTemporalCli().then(
  (path) => console.log(`Temporal CLI: ${path}`),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
