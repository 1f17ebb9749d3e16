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
 * statement. Here the first connection is the one that statements run on: a source sees half the log-ins. It is never
 * replaced, as a session must not change under its owner.
 */
export class OneConnectionPool extends DriverPool {
  readonly #lost: () => Error;
  #connected = false;
  #probe: Connection | undefined;

  /** @param lost what is thrown where the pool would replace its dead connection by another */
  constructor(config: sql.config, lost: () => Error) {
    super(config);
    this.#lost = lost;
  }

  /** Refused before the driver begins to connect: nobody would end what it opens then. */
  override async _poolCreate(): Promise<Connection> {
    const probe = this.#probe;
    this.#probe = undefined;
    if (probe !== undefined) return probe;
    if (this.#connected) throw this.#lost();
    return super._poolCreate();
  }

  override async _poolDestroy(connection: Connection): Promise<void> {
    if (this.#connected) return super._poolDestroy(connection);
    this.#connected = true;
    this.#probe = connection;
  }
}
