import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A directory of one attempt's own for what must touch the disk. */
export async function scratchDirectory(
  spillDirectory: string,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(spillDirectory, 'step-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const ownedBy = /^worker-(\d+)$/;

/** Makes this process's own directory under `spillDir`, and removes those that killed workers have left there. */
export async function claimSpillDirectory(spillDir: string): Promise<string> {
  await mkdir(spillDir, { recursive: true });
  for (const name of await readdir(spillDir)) {
    const pid = Number(ownedBy.exec(name)?.[1] ?? Number.NaN);
    // In a container every worker is the same process id, so one's own name is a leftover too.
    if (pid === process.pid || (pid > 0 && !isAlive(pid)))
      await rm(join(spillDir, name), { recursive: true, force: true });
  }
  const own = join(spillDir, `worker-${process.pid}`);
  await mkdir(own, { recursive: true });
  return own;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
