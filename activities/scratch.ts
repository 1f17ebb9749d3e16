import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Again where a file appears while its directory is being removed (ENOTEMPTY): a download's that ends late. */
const whole = { recursive: true, force: true, maxRetries: 5 } as const;

/** A directory of one attempt's own for what must touch the disk. */
export async function scratchDirectory(
  spillDirectory: string,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(spillDirectory, 'step-'));
  return { path, remove: () => rm(path, whole) };
}

/** By host too: containers that share a volume have the same process ids. */
const own = `worker-${hostname()}-`;

/** Makes this process's own directory under `spillDir`, and removes those that killed workers have left there. */
export async function claimSpillDirectory(spillDir: string): Promise<string> {
  await mkdir(spillDir, { recursive: true });
  for (const name of await readdir(spillDir)) {
    if (!name.startsWith(own)) continue;
    const pid = Number(name.slice(own.length));
    // A container that starts again has the process id that it had before: its own name is a leftover too.
    if (pid === process.pid || (pid > 0 && !isAlive(pid))) await rm(join(spillDir, name), whole);
  }
  const claimed = join(spillDir, `${own}${process.pid}`);
  await mkdir(claimed, { recursive: true });
  return claimed;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
