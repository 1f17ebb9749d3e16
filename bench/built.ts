import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const projectRoot = resolve(__dirname, '..');

/**
 * Compiles the process of our own activities, and the product with it, as a deployment does, and gives its path. Under
 * tsx the same rows cost a sixth more: there each use of an imported name calls a getter. Takes some 10 s the first
 * time, and less where only some files have changed. Throws with the compiler's words where it finds an error.
 */
export function buildOursProcess(): string {
  const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.bench.json'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The product does not compile:\n${stdout}${stderr}`);
  return join(projectRoot, '.cache', 'bench-build', 'bench', 'ours-process.js');
}
