import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = resolve(__dirname, '../../.cache');

/**
 * FreeTDS's freebcp: the one on PATH, else out of Debian's packages, unpacked but not installed, so that no rights are
 * needed. Returns the program and the directory of its libraries.
 */
export async function installFreebcp(): Promise<{ readonly program: string; readonly libraries: string }> {
  const present = await onPath('freebcp');
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
  const present = await onPath('sling');
  if (present !== undefined) return present;
  const folder = await installPython('sling', `sling-linux-amd64==${slingVersion}`);
  const program = join(folder, 'sling_linux_amd64/bin/sling-linux-amd64');
  await run('chmod', ['+x', program]);
  return program;
}

/** The directory of PySpark, Spark and its JARs included: of the line that AWS Glue 5 has. */
export function installSpark(): Promise<string> {
  return installPython('pyspark', 'pyspark==3.5.9');
}

/** Microsoft's and PostgreSQL's JDBC drivers. */
export function installDrivers(): Promise<readonly [string, string]> {
  return Promise.all([
    installJar('jdbc-12.10.1.jre11', 'com.microsoft.sqlserver:mssql-jdbc:12.10.1.jre11'),
    installJar('jdbc-postgresql-42.7.7', 'org.postgresql:postgresql:42.7.7'),
  ]);
}

async function installJar(name: string, artifact: string): Promise<string> {
  const folder = await installOnce(name, (beside) =>
    run('mvn', ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${beside}`]),
  );
  const [, id, version] = artifact.split(':');
  return join(folder, `${id}-${version}.jar`);
}

function installPython(name: string, requirement: string): Promise<string> {
  const folder = requirement.replace('==', '-').replace(/^.*-/, `${name}-`);
  return installOnce(folder, (beside) =>
    run('python3', ['-m', 'pip', 'install', '--quiet', '--target', beside, requirement], {
      maxBuffer: 2 ** 26,
    }),
  );
}

/** Installs beside and renames, so that an installation that was broken off is never taken for a whole one. */
async function installOnce(name: string, install: (beside: string) => Promise<unknown>): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const beside = `${folder}.${process.pid}`;
  try {
    await install(beside);
    renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return folder;
}

async function onPath(program: string): Promise<string | undefined> {
  return run('sh', ['-c', `command -v ${program}`]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
