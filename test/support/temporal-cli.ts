import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SandboxState } from '../../sandbox/services/sandbox.js';

const run = promisify(execFile);

/** Runs the Temporal CLI as an operator would. Throws with its own words. */
export async function runCli(state: SandboxState, words: readonly string[]): Promise<string> {
  const { stdout } = await run(state.temporalCli, [...words, '--address', state.temporalAddress]);
  return stdout;
}
