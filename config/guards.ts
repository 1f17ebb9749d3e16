import { basename, resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { MigrationError } from '../engine/errors.js';
import { readText } from './json-file.js';
import { shown } from './problems.js';
import type { RunConfig, SourceGuard } from './run-config.js';
import type { CategoryFile } from './schema/category-file.js';
import type { Guard } from './schema/guard.js';
import type { Files } from './targets.js';

/** A value halfway up must not make the limit swing. */
const recoverShare = 0.8;

/**
 * The guards of a category, by server, with their queries read. Throws CONFIG_INVALID where one watches a server that is
 * not read, would be the only session of its server, or could never let the limit grow back.
 */
export async function loadGuards(
  files: Files,
  { guard, concurrency }: CategoryFile,
  servers: readonly string[],
): Promise<RunConfig['guards']> {
  const file = files.category;
  const aliases = Object.keys(guard);
  const unknown = aliases.find((alias) => !servers.includes(alias));
  if (unknown !== undefined)
    throw invalid(
      `${file}: field 'guard.${unknown}': no database of a server '${unknown}' is read (nearest: '${closest(unknown, servers)}'); allowed: ${servers.join(', ')}`,
    );
  if (aliases.length > 0 && concurrency.perServer < 2)
    throw invalid(
      `${file}: field 'concurrency.perServer' is ${concurrency.perServer}; allowed: at least 2 with a guard, whose own session is one of them`,
    );
  const loaded = aliases.map(
    async (alias) => [alias, await loadGuard(files, guard[alias] as Guard, `guard.${alias}`)] as const,
  );
  return Object.fromEntries(await Promise.all(loaded));
}

async function loadGuard(files: Files, guard: Guard, field: string): Promise<SourceGuard> {
  const { query, threshold, recover = threshold * recoverShare, every: everySeconds } = guard;
  const at = `${files.category}: field '${field}`;
  if (recover > threshold)
    throw invalid(`${at}.recover' is ${recover}; allowed: at most the threshold, ${threshold}`);
  const isFile = query.trim().endsWith('.sql');
  const sql = isFile
    ? await readText(
        resolve(files.project, query),
        `${at}.query' is ${shown(query)}; allowed: T-SQL or an .sql file`,
      )
    : query;
  return { name: isFile ? basename(query, '.sql') : 'its query', sql, threshold, recover, everySeconds };
}

function invalid(message: string): MigrationError {
  return new MigrationError('CONFIG_INVALID', `${message}.`);
}
