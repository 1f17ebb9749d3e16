import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, installOnce, installPython } from '../../sandbox/services/install-once.js';

const run = promisify(execFile);

/**
 * FreeTDS's freebcp: the one on PATH, else out of Debian's packages, unpacked but not installed, so that no rights are
 * needed. Returns the program and the directory of its libraries.
 */
export async function installFreebcp(): Promise<{ readonly program: string; readonly libraries: string }> {
  const present = await findProgram('freebcp');
  if (present !== undefined) return { program: present, libraries: '' };
  const folder = await installOnce('freetds', async (beside) => {
    mkdirSync(beside, { recursive: true });
    const packages = ['freetds-bin', 'libsybdb5'];
    await run('apt-get', ['download', ...packages], { cwd: beside });
    await run('sh', ['-c', 'for package in *.deb; do dpkg-deb -x "$package" .; done'], { cwd: beside });
  });
  const { stdout } = await run('sh', ['-c', 'dirname usr/lib/*/libsybdb.so.5'], { cwd: folder });
  return { program: join(folder, 'usr/bin/freebcp'), libraries: join(folder, stdout.trim()) };
}

/** The last version of sling whose program comes in its package; later ones fetch it when they first start. */
const slingVersion = '1.4.11';

/** The program `sling`: the one on PATH, else that of its Python package. */
export async function installSling(): Promise<string> {
  const present = await findProgram('sling');
  if (present !== undefined) return present;
  const folder = await installPython('sling-linux-amd64', slingVersion);
  const program = join(folder, 'sling_linux_amd64/bin/sling-linux-amd64');
  await run('chmod', ['+x', program]);
  return program;
}
