import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { ColumnDefinition, ServerDefinition, TableDefinition } from './definition.js';
import { macros } from './macros.js';
import { quoteName, quoteText } from './quoting.js';
import { roundTimestamp } from './translate/conversion.js';
import { duckType, isTimestamp } from './translate/sql-types.js';
import { padded } from './translate/text-fit.js';

const ledger = 'main.sandbox_filled';
/** Counts what a database's rows with a rowversion were changed (docs: rowversion, "the database rowversion"). */
const rowversions = 'main.sandbox_rowversion';

/** The next rowversion of a database, eight bytes, in DuckDB SQL. */
export const nextRowversion = (database: string): string =>
  `unhex(lpad(hex(nextval(${quoteText(`${quoteName(database)}.${rowversions}`)})), 16, '0'))`;

/**
 * Opens the DuckDB instance of a server: each database attached under its own name, each table created and
 * filled once. A table whose definition changed since it was filled is made anew.
 */
export async function openStorage(definition: ServerDefinition): Promise<DuckDBInstance> {
  const directory =
    definition.storage === undefined || definition.storage === ':memory:' ? undefined : definition.storage;
  if (directory) mkdirSync(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '1GB',
    threads: '2',
    ...(directory ? { temp_directory: join(directory, 'spill') } : {}),
  });
  const connection = await instance.connect();
  try {
    for (const sql of macros) await connection.run(sql);
    for (const database of definition.databases) {
      const file = directory ? join(directory, `${encodeURIComponent(database.name)}.duckdb`) : ':memory:';
      const name = quoteName(database.name);
      await connection.run(`ATTACH ${quoteText(file)} AS ${name}`);
      await connection.run(`USE ${name}`);
      await connection.run(`CREATE TABLE IF NOT EXISTS ${ledger} (table_name VARCHAR, fingerprint VARCHAR)`);
      await connection.run(`CREATE SEQUENCE IF NOT EXISTS ${rowversions} START 2001`);
      await connection.run('CREATE SCHEMA IF NOT EXISTS "dbo"');
      for (const table of database.tables) await fillOnce(connection, table);
      if (directory) await connection.run(`CHECKPOINT ${name}`);
    }
  } finally {
    connection.closeSync();
  }
  return instance;
}

const qualified = (table: Pick<TableDefinition, 'schema' | 'name'>): string =>
  `${quoteName(table.schema)}.${quoteName(table.name)}`;

async function fillOnce(connection: DuckDBConnection, table: TableDefinition): Promise<void> {
  const key = quoteText(`${table.schema}.${table.name}`);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([table.columns, table.fill ?? null]))
    .digest('hex');
  const reader = await connection.runAndReadAll(
    `SELECT fingerprint FROM ${ledger} WHERE table_name = ${key}`,
  );
  if (reader.getRows()[0]?.[0] === fingerprint) return;
  await connection.run('BEGIN TRANSACTION');
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(table.schema)}`);
  await connection.run(`DROP TABLE IF EXISTS ${qualified(table)}`);
  await connection.run(createTableSql(qualified(table), table.columns));
  if (table.fill !== undefined) await connection.run(fillSql(table, table.fill));
  await connection.run(`DELETE FROM ${ledger} WHERE table_name = ${key}`);
  await connection.run(`INSERT INTO ${ledger} VALUES (${key}, ${quoteText(fingerprint)})`);
  await connection.run('COMMIT');
}

/** CREATE TABLE in DuckDB. No index for the primary key: it would cost memory for every row. */
export function createTableSql(name: string, columns: readonly ColumnDefinition[]): string {
  const lines = columns.map(
    ({ name: column, type, nullable }) =>
      `${quoteName(column)} ${duckType(type)}${nullable ? '' : ' NOT NULL'}`,
  );
  return `CREATE TABLE ${name} (${lines.join(', ')})`;
}

function fillSql(table: TableDefinition, fill: string): string {
  const names = table.columns.map((_, index) => `c${index + 1}`);
  const cells = table.columns.map((column, index) => resting(`c${index + 1}`, column));
  return `INSERT INTO ${qualified(table)} SELECT ${cells.join(', ')} FROM (${fill}) f(${names.join(', ')})`;
}

/** A value as SQL Server would have stored it: times rounded to the type, char padded. */
function resting(sql: string, { type }: ColumnDefinition): string {
  const cast = `CAST(${sql} AS ${duckType(type)})`;
  if (isTimestamp(type)) return roundTimestamp(cast, type);
  if (type.name === 'char' || type.name === 'nchar') return padded(cast, type);
  return cast;
}
