import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const texts = new Map<string, string>();
let folder: string | undefined;

/**
 * Text of a fixed SQL file under `sql/`, read once per process.
 * @param name path below `sql/`, such as `sqlserver/describe-columns.sql`
 * @throws Error when there is no such file: a broken installation, not a user's mistake
 */
export function sqlFile(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  folder ??= sqlFolder(__dirname);
  const text = readFileSync(join(folder, name), 'utf8');
  texts.set(name, text);
  return text;
}

/** The nearest `sql/` upwards: beside `engine/` in the sources, in `dist/` or beside it in a build. */
function sqlFolder(from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, 'sql', 'sqlserver');
    if (existsSync(candidate)) return join(at, 'sql');
    if (dirname(at) === at) throw new Error(`No sql/ folder above ${from}: the installation is incomplete.`);
  }
}
