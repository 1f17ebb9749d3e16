import { timingSafeEqual } from 'node:crypto';
import { Server } from './catalog/catalog.js';
import type { ServerDefinition } from './definition.js';
import { cannotOpenDatabase, loginFailed } from './errors.js';
import { loadParser } from './parse/tokens.js';
import { EngineSession } from './session/session.js';
import { openStorage } from './storage.js';
import { collationOf } from './translate/collation.js';
import type { SqlServerEngine } from './types.js';

const firstSessionId = 51;

/**
 * Starts a SQL Server stand-in over DuckDB. Tables are created and filled where they do not exist yet (see
 * `ServerDefinition.storage`). Throws SqlServerError for a type or collation that is not offered.
 */
export async function createEngine(definition: ServerDefinition): Promise<SqlServerEngine> {
  checkDefinition(definition);
  await loadParser();
  const instance = await openStorage(definition);
  const server = new Server(definition);
  for (const { name, tables } of definition.databases) {
    const database = server.database(name);
    for (const table of tables) database?.addTable(table);
  }
  let nextId = firstSessionId;
  const open = new Set<EngineSession>();

  return {
    async login({ user, password, database, applicationName, hostName }) {
      const login = definition.logins.find(
        (candidate) => candidate.user.toLowerCase() === user.toLowerCase(),
      );
      if (!login || !equal(login.password, password)) throw loginFailed(user);
      const home = server.database(database || 'master');
      if (!home) throw cannotOpenDatabase(database ?? '');
      const connection = await instance.connect();
      const identity = { id: nextId++, login: login.user, applicationName, hostName };
      const session = new EngineSession(server, connection, home, identity);
      server.sessions.set(session.id, session);
      open.add(session);
      return session;
    },
    async close() {
      for (const session of open) await session.close();
      instance.closeSync();
    },
  };
}

function equal(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function checkDefinition(definition: ServerDefinition): void {
  for (const database of definition.databases) {
    if (database.collation) collationOf(database.collation);
    for (const { type } of database.tables.flatMap((table) => table.columns)) {
      if ('collation' in type) collationOf(type.collation);
    }
  }
}
