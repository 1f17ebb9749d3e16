import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { SourceLogins } from '../../../config/source-credentials';
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
const loginsFrom = (variables: Record<string, string>) =>
  new SourceLogins({ auth: 'sql', secretVariable: (name) => variables[name] });
const from = (variables: Record<string, string>) => loginsFrom(variables).of(server);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'secret-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('host "*" means the host and port of the mapping', async () => {
  expect(await from({ SOURCE_SECRET: JSON.stringify(founding) })).toEqual({
    auth: 'sql',
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
  expect(await from(variables)).toMatchObject({ user: 'own' });
  expect(await from({ ...variables, SOURCE_SECRET_SERVER_01: undefined as never })).toMatchObject({
    user: 'from-file',
  });
  expect(await from({ SOURCE_SECRET: named('common'), SOURCE_SECRET_FILE: file })).toMatchObject({
    user: 'common',
  });
  expect(await from({ SOURCE_SECRET_FILE: file })).toMatchObject({ user: 'from-file' });
});

test('of credentials that were refused there are others only where the secret has changed', async () => {
  const file = join(directory, 'rotated.json');
  const write = (password: string) => writeFileSync(file, JSON.stringify({ ...founding, password }));
  write('first');
  const logins = loginsFrom({ SOURCE_SECRET_FILE: file });
  const refused = await logins.of(server);
  expect(await logins.renewed(server, refused)).toBeUndefined();
  write('second');
  expect(await logins.renewed(server, refused)).toMatchObject({ password: 'second' });
  const fixed = loginsFrom({ SOURCE_SECRET: JSON.stringify(founding) });
  expect(await fixed.renewed(server, await fixed.of(server))).toBeUndefined();
});

test('a service principal has its id and secret in the secret, other identities have none', async () => {
  const entra = (auth: 'entra-service-principal' | 'entra-managed-identity' | 'entra-default') =>
    new SourceLogins({
      auth,
      tenantId: 'contoso',
      clientId: 'mine',
      secretVariable: (name) => (name === 'SOURCE_SECRET' ? JSON.stringify(founding) : undefined),
    }).of(server);
  const address = { host: 'db.example.com', port: 1444 };
  expect(await entra('entra-service-principal')).toEqual({
    auth: 'entra-service-principal',
    clientId: 'reader',
    clientSecret: 'pa$$word',
    tenantId: 'contoso',
    ...address,
  });
  for (const auth of ['entra-managed-identity', 'entra-default'] as const)
    expect(await entra(auth)).toEqual({ auth, clientId: 'mine', ...address });
});

test.each([
  [
    {},
    'SOURCE_SECRET_SERVER_01, SOURCE_SECRET_SERVER_01_FILE, SOURCE_SECRET_SERVER_01_ID, SOURCE_SECRET, SOURCE_SECRET_FILE, SOURCE_SECRET_ID',
  ],
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
