import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = resolve(__dirname, '../../.cache');

/**
 * The folder `.cache/<name>`, filled by `install` where it is missing. It is filled beside and renamed, so that an
 * installation that was broken off is never taken for a whole one, and two that start at once do not meet.
 */
export async function installOnce(
  name: string,
  install: (beside: string) => Promise<unknown>,
): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const beside = `${folder}.${process.pid}`;
  try {
    await install(beside);
    renameSync(beside, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return folder;
}

/**
 * A package of PyPI and what it needs, as a folder for PYTHONPATH; its programs are in `bin`. `extras` as in
 * `name[extras]`.
 */
export function installPython(name: string, version: string, extras = ''): Promise<string> {
  const requirement = `${name}${extras && `[${extras}]`}==${version}`;
  const options = ['--quiet', '--disable-pip-version-check'];
  return installOnce(`${name}-${version}`, (beside) =>
    run('python3', ['-m', 'pip', 'install', ...options, '--target', beside, requirement], {
      maxBuffer: 2 ** 26,
    }),
  );
}

/** The path of a JAR by its Maven coordinates; nothing that it depends on. */
export async function installJar(group: string, id: string, version: string): Promise<string> {
  const artifact = `${group}:${id}:${version}`;
  const folder = await installOnce(`${id}-${version}`, (beside) =>
    run('mvn', ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${beside}`]),
  );
  return join(folder, `${id}-${version}.jar`);
}

/** The path of a program that PATH has, or undefined. */
export function findProgram(name: string): Promise<string | undefined> {
  return run('sh', ['-c', `command -v ${name}`]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
