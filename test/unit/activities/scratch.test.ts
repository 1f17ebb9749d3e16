import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimSpillDirectory, scratchDirectory } from '../../../activities/scratch.js';

describe('claimSpillDirectory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'spill-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('removes what dead workers left, and nothing of a living one or of anybody else', async () => {
    for (const name of [
      `worker-${hostname()}-999999999`,
      `worker-${hostname()}-${process.ppid}`,
      'precious',
      'worker-elsewhere-999999999',
    ])
      mkdirSync(join(directory, name));
    const own = await claimSpillDirectory(directory);
    expect(existsSync(join(directory, `worker-${hostname()}-999999999`))).toBe(false);
    expect(existsSync(join(directory, `worker-${hostname()}-${process.ppid}`))).toBe(true);
    expect(existsSync(join(directory, 'precious'))).toBe(true);
    expect(existsSync(join(directory, 'worker-elsewhere-999999999'))).toBe(true);
    const scratch = await scratchDirectory(own);
    expect(existsSync(scratch.path)).toBe(true);
    await scratch.remove();
    expect(existsSync(scratch.path)).toBe(false);
  });

  it('begins with an empty directory where an earlier worker had the same process id', async () => {
    mkdirSync(join(directory, `worker-${hostname()}-${process.pid}`, 'step-old'), { recursive: true });
    const own = await claimSpillDirectory(directory);
    expect(existsSync(join(own, 'step-old'))).toBe(false);
  });
});
