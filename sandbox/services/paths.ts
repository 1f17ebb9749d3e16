import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Names that the sandbox gives to its logins and its target database. */
export const sourceUser = 'migration_reader';
export const targetUser = 'migration';
export const targetDatabase = 'warehouse';

/** Where things are inside the sandbox's directory. */
export function sandboxPaths(directory: string) {
  const buckets = join(directory, 'buckets');
  return {
    secrets: join(directory, 'secrets.json'),
    sourceSecret: join(directory, 'source-secret.json'),
    tls: join(directory, 'tls'),
    sqlserver: join(directory, 'sqlserver'),
    /** Present while a sandbox is up: what it listens on and what it was filled with. */
    state: join(directory, 'state.json'),
    /** A copy of config/ and sql/ with other ports, used only when the ports are not the usual ones. */
    project: join(directory, 'project'),
    spill: join(directory, 'spill'),
    raw: join(buckets, 'raw'),
    transformed: join(buckets, 'transformed'),
    stats: join(buckets, 'stats'),
    url: (path: string) => pathToFileURL(path).href,
  } as const;
}
