import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fed-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function end(how: string) {
  const script = join(__dirname, 'end-while-fed-child.ts');
  return spawnSync(process.execPath, ['--import', 'tsx', script, how, directory], {
    encoding: 'utf8',
    timeout: 30_000,
    // Only this script's own end is a SIGKILL then.
    killSignal: 'SIGABRT',
  });
}

describe('a process in which DuckDB reads rows', () => {
  it('ends when it is told to, though a thread waits for it', () => {
    expect(end('exit').signal).toBe('SIGKILL');
  }, 40_000);

  it('ends by an error that nobody catches, and tells it', () => {
    const { signal, stderr } = end('throw');
    expect(signal).toBe('SIGKILL');
    expect(stderr).toContain('nobody catches this');
  }, 40_000);
});
