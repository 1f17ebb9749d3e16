import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sourceCredentials } from '../../../config/source-credentials';
import { MigrationError } from '../../../engine/errors';

const founding = {
  username: 'reader',
  password: 'pa$$word',
  engine: 'sqlserver',
  host: '*',
  port: '1433',
  dbname: 'DatabaseA',
};
const server = { server: 'server-01', host: 'db.example.com', port: 1444 };
const from = (variables: Record<string, string>) =>
  sourceCredentials({ source: { secretVariable: (name) => variables[name] } }, server);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'secret-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('host "*" means the host and port of the mapping', async () => {
  expect(await from({ SOURCE_SECRET: JSON.stringify(founding) })).toEqual({
    user: 'reader',
    password: 'pa$$word',
    host: 'db.example.com',
    port: 1444,
  });
});

test('a host of its own is used with its port', async () => {
  const secret = { ...founding, host: 'other.example.com', port: 1500 };
  expect(await from({ SOURCE_SECRET: JSON.stringify(secret) })).toMatchObject({
    host: 'other.example.com',
    port: 1500,
  });
});

test("a server's own secret comes before the common one, a value before a file", async () => {
  const file = join(directory, 'secret.json');
  writeFileSync(file, JSON.stringify({ ...founding, username: 'from-file' }));
  const named = (username: string) => JSON.stringify({ ...founding, username });
  const variables = {
    SOURCE_SECRET_SERVER_01: named('own'),
    SOURCE_SECRET_SERVER_01_FILE: file,
    SOURCE_SECRET: named('common'),
    SOURCE_SECRET_FILE: file,
  };
  expect((await from(variables)).user).toBe('own');
  expect((await from({ ...variables, SOURCE_SECRET_SERVER_01: undefined as never })).user).toBe('from-file');
  expect((await from({ SOURCE_SECRET: named('common'), SOURCE_SECRET_FILE: file })).user).toBe('common');
  expect((await from({ SOURCE_SECRET_FILE: file })).user).toBe('from-file');
});

test.each([
  [{}, 'SOURCE_SECRET_SERVER_01, SOURCE_SECRET_SERVER_01_FILE, SOURCE_SECRET, SOURCE_SECRET_FILE'],
  [{ SOURCE_SECRET: 'user:pa$$word' }, 'SOURCE_SECRET is not JSON'],
  [{ SOURCE_SECRET: '{"username":"reader","pasword":"pa$$word"}' }, 'incomplete in: password'],
  [{ SOURCE_SECRET: JSON.stringify({ ...founding, engine: 'pa$$word' }) }, 'incomplete in: engine'],
  [{ SOURCE_SECRET: JSON.stringify({ ...founding, port: '0' }) }, 'incomplete in: port'],
  [{ SOURCE_SECRET: '["pa$$word"]' }, 'the whole value'],
  [{ SOURCE_SECRET_FILE: '/nowhere/secret.json' }, "SOURCE_SECRET_FILE names '/nowhere/secret.json'"],
])('%j: SECRET_MISSING, and the secret is not quoted', async (variables, reason) => {
  const error = await from(variables).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(MigrationError);
  expect((error as MigrationError).code).toBe('SECRET_MISSING');
  expect((error as MigrationError).message).toContain(reason);
  expect(inspect(error, { depth: 10 }).split('\n    at ')[0]).not.toContain('pa$$word');
});
