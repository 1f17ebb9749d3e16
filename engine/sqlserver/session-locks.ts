import { sqlFile } from '../sql-files.js';
import { sourceError } from './errors.js';
import type { SourceSession } from './session.js';

/** Names of the locks, which administrators see in sys.dm_tran_locks. */
export const lockName = (number: number): string => `migration/${number}`;

/** Return values of sp_getapplock, of which 0 and above mean granted: timed out, cancelled, chosen as a deadlock's victim. */
const notNow: readonly number[] = [-1, -2, -3];

/** Azure SQL Database and SQL database in Microsoft Fabric. */
const singleDatabaseEditions: readonly number[] = [5, 12];

/**
 * The locks by which the sessions of a server are counted at the server itself, whoever opens them: each session owns
 * one of `migration/1` to `migration/<limit>` until it is logged out. sp_getapplock is per database, so all agree on
 * tempdb, which every login can enter: its guest cannot be disabled, and the procedure asks for the role public alone.
 * Where a session reaches no database but its own, the locks are there, and count for that database only.
 */
export class SessionLocks {
  /** By `host:port`; a server's edition does not change. */
  readonly #procedures = new Map<string, string>();

  /**
   * Takes a lock for as long as the session lasts; false where none is free. Nothing is waited for.
   * @throws MigrationError SOURCE_*
   */
  async take(session: SourceSession, limit: number): Promise<boolean> {
    const procedure = await this.#procedure(session);
    // All begin somewhere else, or the first locks would be asked for again and again.
    const first = Math.floor(Math.random() * limit);
    for (let tried = 0; tried < limit; tried += 1) {
      const status = await session.call(procedure, [
        { name: 'Resource', sqlType: 'nvarchar(255)', value: lockName(((first + tried) % limit) + 1) },
        { name: 'LockMode', sqlType: 'varchar(32)', value: 'Exclusive' },
        { name: 'LockOwner', sqlType: 'varchar(32)', value: 'Session' },
        { name: 'LockTimeout', sqlType: 'int', value: 0 },
      ]);
      if (status >= 0) return true;
      if (!notNow.includes(status))
        throw sourceError(
          'SOURCE_QUERY',
          session.place,
          `sp_getapplock returned ${status}, which is no answer`,
        );
    }
    return false;
  }

  async #procedure(session: SourceSession): Promise<string> {
    const server = `${session.place.host}:${session.place.port}`;
    const known = this.#procedures.get(server);
    if (known !== undefined) return known;
    const [row] = await session.query<{ engineEdition: number }>(sqlFile('sqlserver/engine-edition.sql'));
    const alone = row !== undefined && singleDatabaseEditions.includes(row.engineEdition);
    const procedure = alone ? 'sys.sp_getapplock' : 'tempdb.sys.sp_getapplock';
    this.#procedures.set(server, procedure);
    return procedure;
  }
}
