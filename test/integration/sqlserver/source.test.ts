import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sql from 'mssql';
import { rowsOf } from '../../../engine/rows/cells';
import { createRowHasher } from '../../../engine/rows/hash/row-hasher';
import type { Cell } from '../../../engine/rows/types';
import { probeCapabilities } from '../../../engine/sqlserver/capabilities';
import { describeTable } from '../../../engine/sqlserver/catalog';
import { checksumTable } from '../../../engine/sqlserver/checksum';
import { openSession, type SourceEndpoint, type SourceSession } from '../../../engine/sqlserver/connection';
import { streamTable } from '../../../engine/sqlserver/stream-table';
import { requireVisible } from '../../../engine/sqlserver/visibility';
import { boundsOf, countAll, countByWindow } from '../../../engine/sqlserver/windows';
import { ensureCertificates } from '../../../sandbox/services/certificates';
import type { DatabaseDefinition } from '../../../sandbox/sqlserver/engine/definition';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import { startTdsServer, type TdsServer } from '../../../sandbox/sqlserver/server';

const collation = 'Latin1_General_CI_AS';
const text = (name: 'char' | 'varchar' | 'nchar' | 'nvarchar', length: number | 'max') => ({
  name,
  length,
  collation,
});
const nullable = true;

/** Every type of this release, with the values that hurt; row 3 is all NULL but for the key. */
const everyType = {
  schema: 'dbo',
  name: 'every type',
  primaryKey: ['id'],
  indexes: [{ name: 'ix_at', columns: ['at3'] }],
  columns: [
    { name: 'id', type: { name: 'int' }, nullable: false },
    { name: 'flag', type: { name: 'bit' }, nullable },
    { name: 'tiny', type: { name: 'tinyint' }, nullable },
    { name: 'small', type: { name: 'smallint' }, nullable },
    { name: 'big', type: { name: 'bigint' }, nullable },
    { name: 'amount', type: { name: 'decimal', precision: 11, scale: 3 }, nullable },
    { name: 'huge', type: { name: 'decimal', precision: 38, scale: 10 }, nullable },
    { name: 'day', type: { name: 'date' }, nullable },
    { name: 'tick', type: { name: 'datetime' }, nullable },
    { name: 'minute', type: { name: 'smalldatetime' }, nullable },
    { name: 'at0', type: { name: 'datetime2', scale: 0 }, nullable },
    { name: 'at3', type: { name: 'datetime2', scale: 3 }, nullable },
    { name: 'at6', type: { name: 'datetime2', scale: 6 }, nullable },
    { name: 'fixed', type: text('char', 4), nullable },
    { name: 'latin', type: text('varchar', 50), nullable },
    { name: 'unicode', type: text('nvarchar', 50), nullable },
    { name: 'long]text', type: text('nvarchar', 'max'), nullable },
  ],
  fill: `VALUES
    (1, true, 255, -32768, -9223372036854775808, -99999999.999, -1234567890123456789012345678.0123456789,
     DATE '0001-01-01', TIMESTAMP '2025-01-01 23:59:59.997', TIMESTAMP '2025-01-01 23:59:00',
     TIMESTAMP '0001-01-01 00:00:00', TIMESTAMP '2025-01-01 23:59:59.997', TIMESTAMP '9999-12-31 23:59:59.999999',
     'ab  ', 'né \\N tab' || chr(9) || 'line' || chr(10) || '''"', 'čára 😀  ', repeat('x', 9000)),
    (2, false, 0, 32767, 9223372036854775807, 0.000, 0.0000000001,
     DATE '9999-12-31', TIMESTAMP '2025-01-02 00:00:00', TIMESTAMP '2025-01-02 00:00:00',
     TIMESTAMP '2025-01-02 00:00:00', TIMESTAMP '2025-01-02 00:00:00', TIMESTAMP '1969-12-31 23:59:59.000001',
     '    ', '', '', ''),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, true, 7, -7, 7, -0.500, -0.5, DATE '2024-02-29', TIMESTAMP '2025-02-03 10:00:00.003',
     TIMESTAMP '2025-02-03 10:00:00', TIMESTAMP '2025-02-03 10:00:01', TIMESTAMP '2025-02-03 10:00:00.003',
     TIMESTAMP '2025-02-03 10:00:00.000003', 'äöüß', 'a', 'b', 'c')`,
} as const;

const masked = {
  schema: 'dbo',
  name: 'people',
  primaryKey: ['id'],
  rowLevelSecurity: true,
  columns: [
    { name: 'id', type: { name: 'int' }, nullable: false },
    { name: 'mail', type: text('varchar', 50), nullable, maskedWith: 'email()' },
  ],
} as const;

const database = (name: string, snapshotIsolation: boolean): DatabaseDefinition => ({
  name,
  collation,
  snapshotIsolation,
  readCommittedSnapshot: false,
  tables: [everyType, masked] as unknown as DatabaseDefinition['tables'],
});

const password = 'Correct-Horse-1';
const table = { schema: 'dbo', table: 'every type' };
const chunkColumn = { name: 'at3', sourceType: 'datetime2(3)' };

describe('a source server', () => {
  let server: TdsServer;
  let stop: () => Promise<void>;
  let endpoint: Extract<SourceEndpoint, { readonly auth?: 'sql' }>;
  let session: SourceSession;
  let blocking: SourceSession;

  beforeAll(async () => {
    const certificates = await ensureCertificates(mkdtempSync(join(tmpdir(), 'tls-')));
    const read = (file: string) => readFileSync(file, 'utf8');
    const engine = await createEngine({
      name: 'server01',
      logins: [{ user: 'reader', password }],
      deny: [{ login: 'reader', permission: 'UNMASK' }],
      databases: [database('DatabaseA', true), database('Blocking', false)],
    });
    server = await startTdsServer({
      engine,
      host: '127.0.0.1',
      port: 0,
      tls: { key: read(certificates.keyFile), cert: read(certificates.certFile) },
      serverName: 'server01',
    });
    stop = async () => {
      await server.close();
      await engine.close();
    };
    endpoint = {
      alias: 'server01',
      host: 'localhost',
      port: server.port,
      database: 'DatabaseA',
      user: 'reader',
      password,
      ca: read(certificates.caFile),
      applicationName: 'migrate/test',
    };
    session = await openSession(endpoint);
  });
  afterAll(async () => {
    await session?.close();
    await blocking?.close();
    await stop?.();
  });

  it('tells what it can do, and hashes as every other side does', async () => {
    await expect(probeCapabilities(session)).resolves.toMatchObject({
      majorVersion: 16,
      snapshotAllowed: true,
      rcsi: false,
      serverHash: true,
    });
  });

  it('describes a table', async () => {
    const info = await describeTable(session, 'dbo', 'every type');
    expect(info.columns.map(({ sourceType }) => sourceType)).toEqual([
      'int',
      'bit',
      'tinyint',
      'smallint',
      'bigint',
      'decimal(11,3)',
      'decimal(38,10)',
      'date',
      'datetime',
      'smalldatetime',
      'datetime2(0)',
      'datetime2(3)',
      'datetime2(6)',
      'char(4)',
      'varchar(50)',
      'nvarchar(50)',
      'nvarchar(max)',
    ]);
    expect(info).toMatchObject({ primaryKey: ['id'], rows: 4, rowLevelSecurity: false });
    expect([...info.leadingIndexColumns].sort()).toEqual(['at3', 'id']);
    expect(info.bytes).toBeGreaterThanOrEqual(0);
    expect(() => requireVisible(info, session.place)).not.toThrow();
  });

  it('brings every value exactly, equal to what the server itself hashes', async () => {
    const { columns } = await describeTable(session, 'dbo', 'every type');
    const hasher = createRowHasher(columns);
    const rows: Cell[][] = [];
    const [read, stated] = await session.inSnapshot('snapshot', async (tx) => [
      await streamTable(tx, { ...table, columns }, {}, new AbortController().signal, async (batch) => {
        hasher.add(batch);
        rows.push(...rowsOf(columns, batch));
      }),
      await checksumTable(tx, table, columns, {}),
    ]);
    expect(read.rows).toBe(4);
    expect(hasher.value()).toEqual(stated);
    const byId = new Map(rows.map((row) => [row[0], row]));
    expect(byId.get(1)?.slice(1, 8)).toEqual([
      true,
      255,
      -32_768,
      -(2n ** 63n),
      -99_999_999_999n,
      -12345678901234567890123456780123456789n,
      -719_162,
    ]);
    expect(byId.get(1)?.[12]).toBe(BigInt(Date.parse('9999-12-31T23:59:59.999Z')) * 1000n + 999n);
    expect(byId.get(1)?.slice(13, 16)).toEqual(['ab  ', `né \\N tab\tline\n'"`, 'čára 😀  ']);
    expect(byId.get(2)?.[14]).toBe('');
    expect(byId.get(3)?.slice(1)).toEqual(Array.from({ length: 16 }, () => null));
  });

  it('counts windows, and the sum is all there is', async () => {
    const windowed = { ...table, chunkColumn };
    await expect(countByWindow(session, windowed, 'day')).resolves.toEqual({
      windows: [
        { window: '2025-01-01', rows: 1 },
        { window: '2025-01-02', rows: 1 },
        { window: '2025-02-03', rows: 1 },
      ],
      nullRows: 1,
    });
    await expect(
      countByWindow(session, windowed, 'month', '2025-01-01', '2025-02-01', '[id] < 10'),
    ).resolves.toEqual({
      windows: [{ window: '2025-01-01', rows: 2 }],
      nullRows: 0,
    });
    await expect(boundsOf(session, windowed)).resolves.toEqual({
      min: '2025-01-01 23:59:59.997',
      max: '2025-02-03 10:00:00.003',
    });
    await expect(countAll(session, table)).resolves.toBe(4);
    await expect(countAll(session, table, { chunkColumn, isNull: true })).resolves.toBe(1);
    await expect(
      countAll(session, table, { chunkColumn, from: '2025-01-01', to: '2025-01-02' }),
    ).resolves.toBe(1);
  });

  it('refuses what it hides', async () => {
    const info = await describeTable(session, 'dbo', 'people');
    expect(() => requireVisible(info, session.place)).toThrow(
      expect.objectContaining({
        code: 'SOURCE_HIDDEN_DATA',
        message: expect.stringMatching(/mail.*row-level security/),
      }),
    );
  });

  it('answers mistakes with their own code and goes on', async () => {
    await expect(describeTable(session, 'dbo', 'every typ')).rejects.toMatchObject({
      code: 'SOURCE_OBJECT',
      message: expect.stringContaining('near names: dbo.every type'),
    });
    await expect(countAll(session, { schema: 'dbo', table: 'none' })).rejects.toMatchObject({
      code: 'SOURCE_OBJECT',
    });
    await expect(countAll(session, table, { filter: 'absent = 1' })).rejects.toMatchObject({
      code: 'SOURCE_OBJECT',
    });
    await expect(countAll(session, table, { filter: '[id] = = 1' })).rejects.toMatchObject({
      code: 'SOURCE_QUERY',
    });
    await expect(countAll(session, table)).resolves.toBe(4);
  });

  it('refuses a snapshot where the database does not allow one, telling the choices', async () => {
    blocking = await openSession({ ...endpoint, database: 'Blocking' });
    await expect(probeCapabilities(blocking)).resolves.toMatchObject({ snapshotAllowed: false });
    await expect(blocking.inSnapshot('snapshot', (tx) => countAll(tx, table))).rejects.toMatchObject({
      code: 'SOURCE_SNAPSHOT',
      message: expect.stringContaining('"rcsi"'),
    });
    await expect(blocking.inSnapshot('quiesced', (tx) => countAll(tx, table))).resolves.toBe(4);
  });

  it('sees one instant in a snapshot, whatever is written meanwhile', async () => {
    const writer = await new sql.ConnectionPool({
      server: 'localhost',
      port: endpoint.port,
      database: endpoint.database,
      user: endpoint.user,
      password,
      options: { encrypt: true, cryptoCredentialsDetails: { ca: endpoint.ca ?? '' } },
    }).connect();
    const before = await session.inSnapshot('snapshot', async (tx) => {
      const first = await countAll(tx, table);
      await writer.query('INSERT INTO [dbo].[every type] ([id], [at3]) VALUES (5, NULL)');
      return [first, await countAll(tx, table)];
    });
    expect(before).toEqual([4, 4]);
    await expect(countAll(session, table)).resolves.toBe(5);
    await writer.close();
  });

  it('refuses a wrong password and a missing database', async () => {
    await expect(openSession({ ...endpoint, password: 'x' })).rejects.toMatchObject({ code: 'SOURCE_LOGIN' });
    await expect(openSession({ ...endpoint, database: 'Nowhere' })).rejects.toMatchObject({
      code: 'SOURCE_DATABASE',
    });
  });
});
