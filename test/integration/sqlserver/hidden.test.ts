import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeTable, type SourceTableInfo } from '../../../engine/sqlserver/catalog';
import { openSession, type SourceEndpoint, type SourceSession } from '../../../engine/sqlserver/connection';
import { requireVisible } from '../../../engine/sqlserver/visibility';
import { countAll } from '../../../engine/sqlserver/windows';
import { ensureCertificates } from '../../../sandbox/services/certificates';
import type {
  ColumnDefinition,
  ReferenceDefinition,
  TableDefinition,
} from '../../../sandbox/sqlserver/engine/definition';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import { startTdsServer } from '../../../sandbox/sqlserver/server';

const id: ColumnDefinition = { name: 'id', type: { name: 'int' }, nullable: false };
const mail: ColumnDefinition = {
  name: 'mail',
  type: { name: 'varchar', length: 50, collation: 'Latin1_General_CI_AS' },
  nullable: true,
};
const table = (name: string, more: Partial<TableDefinition> = {}): TableDefinition => ({
  schema: 'dbo',
  name,
  primaryKey: ['id'],
  columns: [id, mail],
  fill: "VALUES (1, 'x')",
  ...more,
});
const view = (name: string, ...viewOf: readonly ReferenceDefinition[]): TableDefinition =>
  table(name, { primaryKey: [], viewOf });
const reference = (name: string, ...columns: readonly string[]): ReferenceDefinition => ({
  schema: 'dbo',
  table: name,
  columns,
});

/** A dot in the name: HAS_PERMS_BY_NAME takes the unquoted name of a database apart there. */
const database = 'My.Data';
const longName = ']'.repeat(128);
const tables: readonly TableDefinition[] = [
  table('open'),
  table('people', { columns: [id, { ...mail, maskedWith: 'email()' }] }),
  table('sealed', { columns: [id, { ...mail, encrypted: 'randomized' }] }),
  table('secured', { rowLevelSecurity: true }),
  table(longName),
  view('open_view', reference('open', 'id', 'mail')),
  view('people_view', reference('people', 'id', 'mail')),
  view('people_ids', reference('people', 'id')),
  view('view_of_view', reference('people_view', 'id', 'mail'), reference('view_of_view', 'id')),
  view('sealed_view', reference('sealed', 'mail')),
  view('secured_view', reference('secured_inner', 'id')),
  view('secured_inner', reference('secured', 'id')),
  view('elsewhere', { ...reference('people', 'id'), database: 'Other' }),
  view('same_database', { ...reference('open', 'id'), database }),
  view('broken', reference('gone')),
];
const state = { login: 'modest', permission: 'VIEW DATABASE STATE' } as const;
const password = 'Correct-Horse-1';

describe('what a login does not see', () => {
  const sessions = new Map<string, SourceSession>();
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const { caFile, certFile, keyFile } = await ensureCertificates(mkdtempSync(join(tmpdir(), 'tls-')));
    const isolation = { snapshotIsolation: true, readCommittedSnapshot: false };
    const users = ['reader', 'modest', 'unmasked'];
    const engine = await createEngine({
      name: 'server01',
      logins: users.map((user) => ({ user, password })),
      deny: [
        { login: 'reader', permission: 'UNMASK' },
        state,
        { login: 'modest', permission: 'VIEW DEFINITION' },
        { login: 'modest', permission: 'SELECT', on: 'dbo.people' },
      ],
      databases: [
        { name: database, ...isolation, tables },
        { name: 'Other', ...isolation, tables: [table('people')] },
      ],
    });
    const server = await startTdsServer({
      engine,
      host: '127.0.0.1',
      port: 0,
      tls: { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') },
      serverName: 'server01',
    });
    const endpoint: Omit<Extract<SourceEndpoint, { readonly auth?: 'sql' }>, 'user'> = {
      alias: 'server01',
      host: 'localhost',
      port: server.port,
      database,
      password,
      ca: readFileSync(caFile, 'utf8'),
      applicationName: 'migrate/test',
    };
    for (const user of users) sessions.set(user, await openSession({ ...endpoint, user }));
    stop = async () => {
      for (const session of sessions.values()) await session.close();
      await server.close();
      await engine.close();
    };
  });
  afterAll(() => stop?.());

  const as = (user: string): SourceSession => {
    const session = sessions.get(user);
    if (session === undefined) throw new Error(`no session of ${user}`);
    return session;
  };
  const check = async (name: string, user = 'reader'): Promise<SourceTableInfo> => {
    const info = await describeTable(as(user), 'dbo', name);
    requireVisible(info, as(user).place);
    return info;
  };

  it.each([
    ['people_view', /masked columns dbo\.people\.mail/],
    ['view_of_view', /masked columns dbo\.people\.mail/],
    ['sealed_view', /encrypted columns dbo\.sealed\.mail/],
    ['secured_view', /row-level security/],
    ['elsewhere', /cannot be ruled out for dbo\.people/],
    ['broken', /cannot be ruled out for dbo\.gone/],
  ])('is found beneath the view %s', async (name, message) => {
    await expect(check(name)).rejects.toMatchObject({
      code: 'SOURCE_HIDDEN_DATA',
      message: expect.stringMatching(message),
    });
  });

  it.each(['open', 'open_view', 'people_ids', 'same_database'])('is nothing of %s', async (name) => {
    await expect(check(name)).resolves.toMatchObject({ rowLevelSecurity: false });
  });

  it('is lifted by UNMASK on the database, beneath a view too', async () => {
    await expect(check('people_view', 'unmasked')).resolves.toMatchObject({ permissions: { unmask: true } });
  });

  it('cannot be told without VIEW DEFINITION, and a policy is invisible then', async () => {
    for (const name of ['open', 'secured', 'secured_view'])
      await expect(check(name, 'modest')).rejects.toMatchObject({
        code: 'SOURCE_PERMISSION',
        message: expect.stringContaining('GRANT VIEW DEFINITION'),
      });
  });

  it('includes a table without SELECT, told from the catalog and by the server', async () => {
    await expect(check('people', 'modest')).rejects.toMatchObject({
      code: 'SOURCE_PERMISSION',
      message: expect.stringContaining('GRANT SELECT ON [dbo].[people]'),
    });
    await expect(countAll(as('modest'), { schema: 'dbo', table: 'people' })).rejects.toMatchObject({
      code: 'SOURCE_PERMISSION',
      message: expect.stringContaining("object 'people'"),
    });
  });

  it('leaves a size to be estimated without VIEW DATABASE STATE', async () => {
    await expect(as('modest').query('SELECT * FROM sys.dm_db_partition_stats')).rejects.toMatchObject({
      code: 'SOURCE_PERMISSION',
    });
    const { bytes } = await describeTable(as('modest'), 'dbo', 'open');
    expect(bytes).toBe((await check('open')).bytes);
  });

  it('does not include a table for the length of its name', async () => {
    await expect(check(longName)).resolves.toMatchObject({ table: longName, rows: 1 });
  });
});
