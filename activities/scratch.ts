import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A directory of one attempt's own for what must touch the disk; leftovers of a killed worker go at its start. */
export async function scratchDirectory(
  spillDir: string,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  await mkdir(spillDir, { recursive: true });
  const path = await mkdtemp(join(spillDir, 'step-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
