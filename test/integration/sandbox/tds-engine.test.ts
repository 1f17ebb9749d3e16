import { type Connection, ISOLATION_LEVEL, Request, TYPES } from 'tedious';
import type { ServerDefinition } from '../../../sandbox/sqlserver/engine/definition';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { SqlServerEngine, SqlType } from '../../../sandbox/sqlserver/engine/types';
import { type Answer, installClients, jdbc, pymssql, type Target } from './tds-clients';
import { connect, query, startTestServer, type TestServer } from './tds-test-server';

jest.setTimeout(120_000);

const windows = 'Latin1_General_CI_AS';
const utf8 = 'Latin1_General_100_CI_AS_SC_UTF8';

/** A column of each type, the T-SQL that fills it, and the text that JDBC and pymssql show for it. */
const columns: readonly (readonly [SqlType, string, string, string])[] = [
  [{ name: 'bit' }, '1', '1', 'True'],
  [{ name: 'tinyint' }, '255', '255', '255'],
  [{ name: 'smallint' }, '-32768', '-32768', '-32768'],
  [{ name: 'int' }, '2147483647', '2147483647', '2147483647'],
  [{ name: 'bigint' }, '9223372036854775807', '9223372036854775807', '9223372036854775807'],
  [{ name: 'decimal', precision: 11, scale: 3 }, '-99999999.999', '-99999999.999', '-99999999.999'],
  [{ name: 'decimal', precision: 38, scale: 0 }, '9'.repeat(38), '9'.repeat(38), '9'.repeat(38)],
  [{ name: 'float' }, '0.5', '0.5', '0.5'],
  [{ name: 'real' }, '-0.25', '-0.25', '-0.25'],
  [{ name: 'date' }, "'2025-01-31'", '2025-01-31', '2025-01-31'],
  [
    { name: 'datetime' },
    "'2025-01-31T23:59:59.997'",
    '2025-01-31 23:59:59.997',
    '2025-01-31 23:59:59.997000',
  ],
  [{ name: 'smalldatetime' }, "'2025-01-31T23:58:00'", '2025-01-31 23:58:00.0', '2025-01-31 23:58:00'],
  [{ name: 'datetime2', scale: 0 }, "'2025-01-31T23:59:59'", '2025-01-31 23:59:59', '2025-01-31 23:59:59'],
  [
    { name: 'datetime2', scale: 3 },
    "'2025-01-31T23:59:59.997'",
    '2025-01-31 23:59:59.997',
    '2025-01-31 23:59:59.997000',
  ],
  [
    { name: 'datetime2', scale: 6 },
    "'0001-01-01T00:00:00.000001'",
    '0001-01-01 00:00:00.000001',
    '0001-01-01 00:00:00.000001',
  ],
  [{ name: 'varchar', length: 20, collation: windows }, "N'é€ž'", 'é€ž', 'é€ž'],
  [{ name: 'varchar', length: 20, collation: utf8 }, "N'é😀'", 'é😀', 'é😀'],
  [{ name: 'char', length: 4, collation: windows }, "'a'", 'a   ', 'a   '],
  [{ name: 'nchar', length: 4, collation: windows }, "N'Ω'", 'Ω   ', 'Ω   '],
  [{ name: 'nvarchar', length: 20, collation: windows }, "N'Ω😀 '", 'Ω😀 ', 'Ω😀 '],
  [{ name: 'nvarchar', length: 'max', collation: windows }, "N''", '', ''],
  [{ name: 'varchar', length: 'max', collation: windows }, "'x'", 'x', 'x'],
];

const login = { user: 'migrator', password: 'Sandbox-1' } as const;
const definition: ServerDefinition = {
  name: 'server01',
  logins: [login],
  databases: [
    {
      name: 'DatabaseA',
      snapshotIsolation: true,
      readCommittedSnapshot: false,
      tables: [
        {
          schema: 'dbo',
          name: 'all_types',
          columns: columns.map(([type], index) => ({ name: `c${index}`, type, nullable: true })),
          primaryKey: [],
        },
        {
          schema: 'dbo',
          name: 'big',
          columns: [
            { name: 'id', type: { name: 'int' }, nullable: false },
            { name: 'name', type: { name: 'varchar', length: 20, collation: windows }, nullable: true },
          ],
          primaryKey: ['id'],
          fill: "SELECT i::INTEGER, 'row ' || i FROM range(2000000) t(i)",
        },
      ],
    },
    { name: 'NoSnapshots', snapshotIsolation: false, readCommittedSnapshot: false, tables: [] },
  ],
};

let engine: SqlServerEngine;
let server: TestServer;
let target: Target;

beforeAll(async () => {
  await installClients();
  engine = await createEngine(definition);
  server = await startTestServer(engine);
  target = { port: server.port, database: 'DatabaseA', ...login };
}, 300_000);

afterAll(async () => {
  expect(server.internalErrors).toEqual([]);
  await server.close();
  await engine.close();
});

/** The same statements through JDBC and through FreeTDS. */
async function throughBoth(statements: readonly string[], on: Target = target): Promise<Answer[][]> {
  return Promise.all([jdbc(on, statements), pymssql(on, statements, 'require')]);
}

describe('T-SQL over TDS', () => {
  it('gives back each type as it was inserted, and NULL, to each client', async () => {
    const tedious = await connect(target, server.caFile);
    const values = columns.map(([, literal]) => literal).join(', ');
    await query(tedious, `INSERT INTO dbo.all_types VALUES (${values})`);
    await query(tedious, `INSERT INTO dbo.all_types VALUES (${columns.map(() => 'NULL').join(', ')})`);
    const seen = await query(tedious, 'SELECT * FROM dbo.all_types ORDER BY c1 DESC');
    tedious.close();
    const [[fromJdbc], [fromFreeTds]] = (await throughBoth([
      'SELECT * FROM dbo.all_types ORDER BY c1 DESC',
    ])) as [Answer[], Answer[]];
    const nothing = columns.map(() => null);
    expect(fromJdbc?.rows).toEqual([columns.map(([, , text]) => text), nothing]);
    expect(fromFreeTds?.rows).toEqual([columns.map(([, , , text]) => text), nothing]);
    expect(seen.rows[0]?.slice(0, 6)).toEqual([
      true,
      255,
      -32_768,
      2_147_483_647,
      '9223372036854775807',
      -99_999_999.999,
    ]);
    expect(seen.rows[1]).toEqual(nothing);
  });

  it('takes parameters through sp_executesql', async () => {
    const connection = await connect(target, server.caFile);
    const { rows } = await query(
      connection,
      'SELECT COUNT(*) FROM dbo.big WHERE id >= @from AND id < @to',
      (request) => {
        request.addParameter('from', TYPES.Int, 10);
        request.addParameter('to', TYPES.Int, 30);
      },
    );
    connection.close();
    expect(rows).toEqual([[20]]);
  });

  it('reports a missing table as 208 and a syntax error as 102, and goes on, with each client', async () => {
    const statements = ['SELECT * FROM dbo.nowhere', 'SELECT FROM WHERE', 'SELECT 1'];
    for (const answers of await throughBoth(statements)) {
      expect(answers.map(({ error }) => error)).toEqual([208, 102, undefined]);
      expect(answers[2]?.rows).toEqual([['1']]);
    }
    const connection = await connect(target, server.caFile);
    await expect(query(connection, statements[0] as string)).rejects.toMatchObject({ number: 208 });
    await expect(query(connection, statements[1] as string)).rejects.toMatchObject({ number: 102 });
    connection.close();
  });

  it('refuses a wrong password with 18456 and a missing database with 4060', async () => {
    const [[badLogin]] = (await throughBoth(['SELECT 1'], { ...target, password: 'x' })) as [
      Answer[],
      Answer[],
    ];
    expect(badLogin?.error).toBe(18456);
    const [[badDatabase]] = (await throughBoth(['SELECT 1'], { ...target, database: 'Nowhere' })) as [
      Answer[],
      Answer[],
    ];
    expect(badDatabase?.error).toBe(4060);
  });

  it('stops in the middle of two million rows when a client cancels, with each client', async () => {
    for (const [cancelled, next] of await throughBoth(['!cancel SELECT * FROM dbo.big', 'SELECT 1'])) {
      expect(cancelled?.cancelled).toBe(true);
      expect(cancelled?.ms).toBeLessThan(3_000);
      expect(next?.rows).toEqual([['1']]);
    }
    const connection = await connect(target);
    let rows = 0;
    const error = await new Promise<unknown>((resolve) => {
      const request = new Request('SELECT * FROM dbo.big', resolve);
      request.on('row', () => {
        rows += 1;
        if (rows === 1_000) {
          connection.cancel();
        }
      });
      connection.execSqlBatch(request);
    });
    expect(error).toMatchObject({ code: 'ECANCEL' });
    expect(rows).toBeLessThan(1_000_000);
    await expect(query(connection, 'SELECT 1')).resolves.toMatchObject({ rows: [[1]] });
    connection.close();
  });
});

describe('a client that goes away', () => {
  it('in the middle of two million rows takes nothing with it', async () => {
    const leaving = await connect(target);
    await new Promise<void>((resolve) => {
      const request = new Request('SELECT * FROM dbo.big', () => undefined);
      request.once('row', () => {
        leaving.close();
        resolve();
      });
      leaving.execSqlBatch(request);
    });
    const staying = await connect(target);
    await expect(query(staying, 'SELECT COUNT(*) FROM dbo.big')).resolves.toMatchObject({
      rows: [[2_000_000]],
    });
    staying.close();
  });
});

describe('two sessions under SNAPSHOT isolation', () => {
  const step = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      start((error) => (error ? reject(error) : resolve()));
    });
  const nameOf = async (connection: Connection, id: number) =>
    (await query(connection, `SELECT name FROM dbo.big WHERE id = ${id}`)).rows[0]?.[0];

  let reader: Connection;
  let writer: Connection;

  beforeEach(async () => {
    reader = await connect(target, server.caFile);
    writer = await connect(target);
  });

  afterEach(() => {
    reader.close();
    writer.close();
  });

  it('see the instant of their own begin, and what was committed since only after their end', async () => {
    await step((done) => reader.beginTransaction(done, '', ISOLATION_LEVEL.SNAPSHOT));
    expect(await nameOf(reader, 1)).toBe('row 1');
    await query(writer, "UPDATE dbo.big SET name = 'changed' WHERE id = 1");
    expect(await nameOf(writer, 1)).toBe('changed');
    expect(await nameOf(reader, 1)).toBe('row 1');
    await step((done) => reader.commitTransaction(done));
    expect(await nameOf(reader, 1)).toBe('changed');
  });

  it('do not see what is not committed, nor what was rolled back', async () => {
    await step((done) => writer.beginTransaction(done, '', ISOLATION_LEVEL.SNAPSHOT));
    await query(writer, "UPDATE dbo.big SET name = 'lost' WHERE id = 2");
    await query(reader, 'SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION');
    expect(await nameOf(reader, 2)).toBe('row 2');
    await step((done) => writer.rollbackTransaction(done));
    expect(await nameOf(reader, 2)).toBe('row 2');
    await query(reader, 'COMMIT TRANSACTION');
    expect(await nameOf(writer, 2)).toBe('row 2');
  });

  it('lose what they changed when their client goes away without a commit', async () => {
    await step((done) => writer.beginTransaction(done));
    await query(writer, "UPDATE dbo.big SET name = 'orphan' WHERE id = 3");
    writer.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await nameOf(reader, 3)).toBe('row 3');
  });

  it('are told 3952 where the database does not allow it', async () => {
    const other = await connect({ ...target, database: 'NoSnapshots' });
    await query(other, 'CREATE TABLE dbo.t (id int NOT NULL)');
    await step((done) => other.beginTransaction(done, '', ISOLATION_LEVEL.SNAPSHOT));
    await expect(query(other, 'SELECT * FROM dbo.t')).rejects.toMatchObject({ number: 3952 });
    other.close();
  });
});
