import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const projectRoot = resolve(__dirname, '../../../..');
const folder = join('engine', 'rows', 'hash');

describe('the compiled module of the row hash', () => {
  test('is what its source compiles to', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(folder, 'compile-module.ts')],
      { cwd: projectRoot, encoding: 'utf8' },
    );
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    // After a change of assembly/: npm run row-module.
    expect(stdout).toBe(readFileSync(join(projectRoot, folder, 'row-module.generated.ts'), 'utf8'));
  }, 60_000);
});
