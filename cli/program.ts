import { Command } from 'commander';
import { addChunks } from './commands/chunks.js';
import { addCleanUp } from './commands/clean-up.js';
import { addConcurrency } from './commands/concurrency.js';
import { addHours } from './commands/hours.js';
import { addPauseResumeAndStop } from './commands/pause.js';
import { addReload } from './commands/reload.js';
import { addReport } from './commands/report.js';
import { addRetryAndSkip } from './commands/retry.js';
import { addStart } from './commands/start.js';
import { addStatus } from './commands/status.js';
import { addWatch } from './commands/watch.js';
import { exitCodes } from './exit-codes.js';
import { describeFailure } from './failures.js';
import { type Io, Session } from './session.js';

/** Runs one command line and returns its exit code; whatever goes wrong is told in one line. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const session = new Session(io);
  try {
    await createProgram(session).parseAsync(args, { from: 'user' });
  } catch (error) {
    const failure = describeFailure(error);
    if (failure === undefined) return exitCodes.done.code;
    session.exit = failure.exit;
    if (failure.message !== '') session.note(failureText(args, failure));
  } finally {
    await session.close();
  }
  return exitCodes[session.exit].code;
}

function failureText(
  args: readonly string[],
  { exit, message }: { readonly exit: keyof typeof exitCodes; readonly message: string },
): string {
  if (!args.includes('--json')) return `migrate: ${message}`;
  return JSON.stringify({ error: { reason: exit, exitCode: exitCodes[exit].code, message } });
}

function createProgram(session: Session): Command {
  const program = new Command('migrate')
    .description(
      'Starts, watches and steers migrations. Settings come from the environment, .env or .env.sandbox.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.io.stdout.write(text),
      writeErr: (text) => session.io.stderr.write(text),
      // Told by runCli, as every other failure is.
      outputError: () => undefined,
    })
    .addHelpText('after', `\nExit codes:\n${exitCodeLines().join('\n')}\n`);
  for (const add of [
    ...[addStart, addStatus, addWatch, addChunks],
    ...[addPauseResumeAndStop, addConcurrency, addRetryAndSkip, addReload, addReport, addHours, addCleanUp],
  ])
    add(program, session);
  return program;
}

function exitCodeLines(): readonly string[] {
  return Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
}
