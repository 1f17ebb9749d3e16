import sql from 'mssql';
import type { Connection } from 'tedious';

/** What each driver of mssql fills in, and its typings leave out; a contract test counts the log-ins. */
interface DriverPool extends sql.ConnectionPool {
  _poolCreate(): Promise<Connection>;
  _poolDestroy(connection: Connection): Promise<void>;
}
const DriverPool = sql.ConnectionPool as unknown as new (config: sql.config) => DriverPool;

/**
 * mssql logs in with a connection of its own to see whether that works, logs out, and logs in again for the first
 * statement. Here the first connection is the one that statements run on: a source sees half the log-ins.
 */
export class OneConnectionPool extends DriverPool {
  #connected = false;
  #probe: Connection | undefined;

  override async _poolCreate(): Promise<Connection> {
    const probe = this.#probe;
    this.#probe = undefined;
    return probe ?? super._poolCreate();
  }

  override async _poolDestroy(connection: Connection): Promise<void> {
    if (this.#connected) return super._poolDestroy(connection);
    this.#connected = true;
    this.#probe = connection;
  }
}
