import { setTimeout as delay } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogTable, Database } from '../catalog/catalog.js';
import { fromDuckDb } from '../duckdb-errors.js';
import { duplicateKey, unsupported } from '../errors.js';
import { quoteName } from '../quoting.js';
import { createTableSql } from '../storage.js';
import { groupingKey } from '../translate/coercion.js';
import { comparisonKey } from '../translate/collation.js';
import type { Query } from '../translate/env.js';
import { columnExpr, tableName } from '../translate/from.js';
import type { Plan } from '../translate/plan.js';
import { isChar } from '../translate/sql-types.js';
import { type ResultEvent, SqlServerError } from '../types.js';
import { cellsOf } from './cells.js';
import type { TransactionState } from './transaction.js';

type WritePlan = Extract<Plan, { kind: 'write' }>;

const conflictWaitMs = 5_000;

/** Runs translated statements on the session's DuckDB connection; errors come out as SQL Server's. */
export class StatementRunner {
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly transaction: TransactionState,
  ) {}

  /** Resolves when DuckDB works on nothing for this session: only then may its connection be closed. */
  async settled(): Promise<void> {
    await this.#working;
  }

  #work<T>(work: Promise<T>): Promise<T> {
    this.#working = work.then(
      () => undefined,
      () => undefined,
    );
    return work;
  }

  /** Streams a query's rows, chunk by chunk, as the consumer asks for them; returns how many. */
  async *query(query: Query, signal: AbortSignal): AsyncGenerator<ResultEvent, number> {
    let rows = 0;
    try {
      const result = await this.#work(this.connection.stream(query.sql));
      for (;;) {
        signal.throwIfAborted();
        const chunk = await this.#work(result.fetchChunk());
        if (!chunk || chunk.rowCount === 0) return rows;
        rows += chunk.rowCount;
        yield { kind: 'rows', count: chunk.rowCount, columns: cellsOf(chunk) };
      }
    } catch (error) {
      signal.throwIfAborted();
      throw fromDuckDb(error);
    }
  }

  /** True where the query has a row; for IF. */
  async hasRows(query: Query): Promise<boolean> {
    try {
      const reader = await this.#work(this.connection.runAndReadUntil(query.sql, 1));
      return reader.currentRowCount > 0;
    } catch (error) {
      throw fromDuckDb(error);
    }
  }

  /**
   * Runs a change; returns its row count. Outside a transaction a row changed by another session at the same
   * time is waited for, as a lock would be; in a snapshot that is error 3960.
   */
  async write(plan: WritePlan, signal: AbortSignal): Promise<number> {
    const deadline = Date.now() + conflictWaitMs;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.#work(this.#attempt(plan));
      } catch (error) {
        signal.throwIfAborted();
        const reported = fromDuckDb(error);
        if (reported.number !== 3960 || this.transaction.holdsWork) throw reported;
        if (Date.now() > deadline)
          throw new SqlServerError(1222, 'Lock request time out period exceeded.', 16, 51);
        await delay(20);
      }
    }
  }

  async #attempt(plan: WritePlan): Promise<number> {
    const alone = plan.checkKey !== undefined && !this.transaction.holdsWork;
    if (alone) await this.connection.run('BEGIN TRANSACTION');
    try {
      const { rowsChanged } = await this.connection.run(plan.sql);
      if (plan.checkKey) await this.#checkKey(plan.checkKey.database, plan.checkKey.table);
      if (alone) await this.connection.run('COMMIT');
      return rowsChanged;
    } catch (error) {
      if (alone) await this.connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  // There is no index to refuse a second row with the same key, so the table is looked over after the change.
  async #checkKey(database: Database, table: CatalogTable): Promise<void> {
    const keys = table.primaryKey.map((name) => {
      const type = table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.type;
      if (!type) throw unsupported('a primary key on a column that does not exist');
      return isChar(type)
        ? comparisonKey(quoteName(name), type.collation)
        : groupingKey(columnExpr(quoteName(name), type, false));
    });
    const reader = await this.connection.runAndReadAll(
      `SELECT 1 FROM ${tableName(database, table)} GROUP BY ${keys.join(', ')} HAVING count(*) > 1 LIMIT 1`,
    );
    if (reader.currentRowCount > 0) throw duplicateKey(`PK_${table.name}`, `${table.schema}.${table.name}`);
  }

  /** CREATE TABLE and DROP TABLE change the catalog at once, so they are refused in a transaction. */
  async define(plan: Extract<Plan, { kind: 'create' | 'drop' }>): Promise<void> {
    if (this.transaction.count > 0) throw unsupported('CREATE TABLE and DROP TABLE in a transaction');
    try {
      if (plan.kind === 'create') {
        const schema = `${quoteName(plan.database.name)}.${quoteName(plan.schema)}`;
        await this.connection.run(createTableSql(`${schema}.${quoteName(plan.name)}`, plan.columns));
        plan.database.addTable(plan);
      } else if (plan.target) {
        await this.connection.run(`DROP TABLE ${tableName(plan.target.database, plan.target.table)}`);
        plan.target.database.removeTable(plan.target.table);
      }
    } catch (error) {
      throw fromDuckDb(error);
    }
  }
}
