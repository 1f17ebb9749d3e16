import { PassThrough } from 'node:stream';
import { runCli } from '../../cli/program.js';
import type { Terminal } from '../../cli/session.js';

export interface CliAnswer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  /** Aborts what Ctrl-C would. */
  readonly interrupt?: AbortSignal;
  /** What a terminal of so many lines would show; a pipe otherwise. */
  readonly rows?: number;
}

/** Runs one command line of `migrate` in this process, as main.ts does. */
export async function migrate(args: readonly string[], options: CliOptions = {}): Promise<CliAnswer> {
  const stdout = collector(options.rows);
  const stderr = collector();
  const code = await runCli(args, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    interruptible: (work) => work(options.interrupt ?? new AbortController().signal),
  });
  return { code, out: stdout.text(), err: stderr.text() };
}

function collector(rows?: number): { readonly stream: Terminal; readonly text: () => string } {
  let text = '';
  const stream = new PassThrough().setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const terminal = rows === undefined ? {} : { isTTY: true, rows, columns: 120 };
  return { stream: Object.assign(stream, terminal), text: () => text };
}
