#!/usr/bin/env node
import { runCli } from './program.js';
import type { Io } from './session.js';

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  async interruptible(work) {
    const controller = new AbortController();
    const interrupt = (): void => controller.abort();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
    try {
      return await work(controller.signal);
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    }
  },
};

// `migrate chunks … | head` closes the pipe when it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCli(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
  // What is written must be out; calls that nobody waits for any more must not keep the process.
  process.stderr.write('', () => process.stdout.write('', () => process.exit()));
});
