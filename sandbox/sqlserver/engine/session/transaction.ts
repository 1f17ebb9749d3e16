import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../catalog/catalog.js';
import { fromDuckDb } from '../duckdb-errors.js';
import { noTransaction, snapshotNotAllowed, snapshotStartedOtherwise } from '../errors.js';
import type { IsolationLevel } from '../types.js';

/**
 * T-SQL's transactions on DuckDB's, which are snapshots. SNAPSHOT (and the levels above READ COMMITTED) open
 * one at their first data access, as SQL Server does. READ COMMITTED reads each statement on its own, the newest
 * state, until the transaction writes; from then on it sees the state as of that write.
 */
export class TransactionState {
  isolation: IsolationLevel = 'READ COMMITTED';
  implicit = false;
  #count = 0;
  #startedAs: IsolationLevel = 'READ COMMITTED';
  #open = false;

  constructor(private readonly connection: DuckDBConnection) {}

  get count(): number {
    return this.#count;
  }

  /** True where DuckDB holds an open transaction, so that a failed statement spoils all of it. */
  get holdsWork(): boolean {
    return this.#open;
  }

  begin(): void {
    if (this.#count === 0) this.#startedAs = this.isolation;
    this.#count++;
  }

  /** Called before a statement that reads or writes user tables of `databases`. Throws 3951, 3952. */
  async access(databases: Iterable<Database>, writes: boolean): Promise<void> {
    let touched = false;
    for (const database of databases) {
      touched = true;
      if (this.isolation !== 'SNAPSHOT') continue;
      if (!database.snapshotIsolation) throw snapshotNotAllowed(database.name);
      if (this.#count > 0 && this.#startedAs !== 'SNAPSHOT') throw snapshotStartedOtherwise(database.name);
    }
    if (!touched) return;
    if (this.implicit && this.#count === 0) this.begin();
    const readsNewest = this.isolation === 'READ COMMITTED' || this.isolation === 'READ UNCOMMITTED';
    if (this.#count === 0 || this.#open || (readsNewest && !writes)) return;
    await this.connection.run('BEGIN TRANSACTION');
    this.#open = true;
  }

  /** COMMIT: only the outermost one commits. Throws 3902, 3960. */
  async commit(): Promise<void> {
    if (this.#count === 0) throw noTransaction('COMMIT');
    this.#count--;
    if (this.#count === 0) await this.#end('COMMIT');
  }

  /** ROLLBACK ends all levels. Throws 3903. */
  async rollback(): Promise<void> {
    if (this.#count === 0) throw noTransaction('ROLLBACK');
    this.#count = 0;
    await this.#end('ROLLBACK');
  }

  async #end(verb: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      await this.connection.run(verb);
    } catch (error) {
      throw fromDuckDb(error);
    }
  }
}
