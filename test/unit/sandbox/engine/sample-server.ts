import type { ServerDefinition } from '../../../../sandbox/sqlserver/engine/definition.js';
import type {
  Cell,
  Parameter,
  ResultColumn,
  ResultEvent,
  SqlServerEngine,
  SqlSession,
  SqlType,
} from '../../../../sandbox/sqlserver/engine/types.js';

const latin1 = 'SQL_Latin1_General_CP1_CI_AS';
export const utf8 = 'Latin1_General_100_BIN2_UTF8';

export const varchar = (length: number | 'max', collation = latin1): SqlType => ({
  name: 'varchar',
  length,
  collation,
});
export const nvarchar = (length: number | 'max', collation = latin1): SqlType => ({
  name: 'nvarchar',
  length,
  collation,
});
export const decimal = (precision: number, scale: number): SqlType => ({ name: 'decimal', precision, scale });
export const plain = (name: 'bit' | 'int' | 'bigint' | 'smallint' | 'date' | 'datetime'): SqlType => ({
  name,
});

/** A database with SNAPSHOT allowed (`Snap`) and one without (`Plain`). */
export const sampleServer: ServerDefinition = {
  name: 'server01',
  logins: [
    { user: 'reader', password: 'right' },
    { user: 'blind', password: 'right' },
  ],
  deny: [{ login: 'blind', permission: 'UNMASK' }],
  databases: [
    {
      name: 'Snap',
      snapshotIsolation: true,
      readCommittedSnapshot: false,
      tables: [
        {
          schema: 'dbo',
          name: 'cells',
          primaryKey: ['cell_id', 'at'],
          indexes: [{ name: 'ix_at', columns: ['at'] }],
          columns: [
            { name: 'cell_id', type: varchar(20), nullable: false },
            { name: 'place', type: nvarchar(50), nullable: true },
            { name: 'usage', type: decimal(11, 3), nullable: true },
            { name: 'dropped', type: plain('int'), nullable: true },
            { name: 'at', type: plain('datetime'), nullable: false },
            { name: 'active', type: plain('bit'), nullable: true },
            { name: 'day', type: plain('date'), nullable: true },
            { name: 'exact', type: { name: 'datetime2', scale: 3 }, nullable: true },
            { name: 'secret', type: varchar(10), nullable: true, maskedWith: 'default()' },
          ],
          fill: `SELECT * FROM (VALUES
            ('a1', 'Zürich', -0.5, -12, TIMESTAMP '2025-01-31 23:59:59.997', true, DATE '2025-01-31', TIMESTAMP '2025-01-31 00:00:00.123', 's'),
            ('A2 ', 'tab	€😀 ', 99999999.999, 2147483647, TIMESTAMP '2025-02-01 00:00:00', false, DATE '0001-01-01', TIMESTAMP '0001-01-01 00:00:00', NULL),
            ('b', '', NULL, NULL, TIMESTAMP '1753-01-01 00:00:00.001', NULL, NULL, NULL, ''),
            ('c', NULL, 0, 0, TIMESTAMP '9999-12-31 23:59:59.996', true, DATE '9999-12-31', TIMESTAMP '9999-12-31 23:59:59.999', 'x'))`,
        },
      ],
    },
    {
      name: 'Plain',
      snapshotIsolation: false,
      readCommittedSnapshot: true,
      tables: [
        {
          schema: 'dbo',
          name: 'one',
          primaryKey: [],
          columns: [{ name: 'x', type: plain('int'), nullable: true }],
          rowLevelSecurity: true,
          fill: 'SELECT 1',
        },
      ],
    },
  ],
};

export interface Answer {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
  readonly events: readonly ResultEvent[];
}

/** Runs a batch to its end and collects it row by row; columns are those of the last result. */
export async function run(
  session: SqlSession,
  sql: string,
  parameters: readonly Parameter[] = [],
): Promise<Answer> {
  const events: ResultEvent[] = [];
  const rows: Cell[][] = [];
  let columns: readonly ResultColumn[] = [];
  for await (const event of session.execute(sql, parameters, new AbortController().signal)) {
    events.push(event);
    if (event.kind === 'columns') columns = event.columns;
    if (event.kind !== 'rows') continue;
    for (let row = 0; row < event.count; row++) rows.push(event.columns.map((column) => column[row] ?? null));
  }
  return { columns, rows, events };
}

/** The one value of a query with one row and one column, with its type. */
export async function single(
  session: SqlSession,
  sql: string,
  parameters: readonly Parameter[] = [],
): Promise<readonly [Cell | undefined, SqlType | undefined]> {
  const { columns, rows } = await run(session, sql, parameters);
  return [rows[0]?.[0], columns[0]?.type];
}

export const login = (
  engine: SqlServerEngine,
  database: string | undefined = 'Snap',
  user = 'reader',
): Promise<SqlSession> =>
  engine.login({ user, password: 'right', database, applicationName: 'migrate/test', hostName: 'test' });
