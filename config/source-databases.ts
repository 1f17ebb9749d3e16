import { closest } from 'fastest-levenshtein';
import { MigrationError } from '../engine/errors.js';
import { endpointOf, parseHostPort } from './host-port.js';
import type { SourceDatabase } from './run-config.js';
import type { ServerMappings } from './schema/server-mappings.js';

/**
 * Every database of every mapped server, in the order of the file. Throws CONFIG_INVALID where `databases` names
 * a server that is not mapped, leaves a mapped one out, or names no database at all.
 */
export function sourceDatabases(mappings: ServerMappings, file: string): readonly SourceDatabase[] {
  const aliases = Object.keys(mappings.server_mappings);
  requireOneAlias(mappings.server_mappings, file);
  const listed = mappings.databases;
  const perServer = Array.isArray(listed) ? undefined : listed;
  if (perServer !== undefined) requireSameServers(aliases, Object.keys(perServer), file);
  const databases = Object.entries(mappings.server_mappings).flatMap(([server, address]) => {
    const endpoint = parseHostPort(address);
    const names = perServer === undefined ? (listed as readonly string[]) : (perServer[server] ?? []);
    return endpoint === undefined ? [] : names.map((database) => ({ server, ...endpoint, database }));
  });
  if (databases.length > 0) return databases;
  throw new MigrationError(
    'CONFIG_INVALID',
    `${file}: field 'databases' names no database; allowed: at least one.`,
  );
}

/** Limits are counted per alias: a server under two names would be read with twice its limit, and its rows twice. */
function requireOneAlias(addresses: ServerMappings['server_mappings'], file: string): void {
  const seen = new Map<string, string>();
  for (const [alias, address] of Object.entries(addresses)) {
    const endpoint = parseHostPort(address);
    const key = endpoint === undefined ? address : endpointOf(endpoint);
    const other = seen.get(key);
    if (other !== undefined) {
      throw new MigrationError(
        'CONFIG_INVALID',
        `${file}: field 'server_mappings.${alias}' is '${address}', which '${other}' already names; allowed: one alias for each server.`,
      );
    }
    seen.set(key, alias);
  }
}

function requireSameServers(mapped: readonly string[], listed: readonly string[], file: string): void {
  const unmapped = listed.find((alias) => !mapped.includes(alias));
  if (unmapped !== undefined) {
    throw new MigrationError(
      'CONFIG_INVALID',
      `${file}: field 'databases.${unmapped}': server '${unmapped}' is not mapped (nearest: '${closest(unmapped, mapped)}'); allowed: the servers of 'server_mappings': ${mapped.join(', ')}.`,
    );
  }
  const absent = mapped.find((alias) => !listed.includes(alias));
  if (absent === undefined) return;
  throw new MigrationError(
    'CONFIG_INVALID',
    `${file}: field 'databases' has no list for server '${absent}'; allowed: a list for every server of 'server_mappings', empty to read nothing from it.`,
  );
}
