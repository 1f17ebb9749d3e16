import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import {
  loadEnvironment,
  loadTargetEnvironment,
  loadTemporalEnvironment,
  parseEnvironment,
} from '../../../config/environment';
import { MigrationError } from '../../../engine/errors';

const complete = {
  RDS_ENDPOINT: 'warehouse.example.com',
  RDS_USER: 'migration',
  RDS_PASSWORD: 'hunter2',
  RAW_BUCKET: 's3://raw-bucket/prefix',
  TRANSFORMED_BUCKET: 'file:///data/transformed',
  STATS_BUCKET: 's3://stats-bucket',
};

function failure(variables: NodeJS.ProcessEnv): MigrationError {
  try {
    parseEnvironment(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(MigrationError);
    return error as MigrationError;
  }
  throw new Error('The environment was accepted.');
}

test('takes defaults for what is not set, and an empty value as not set', () => {
  const environment = parseEnvironment({ ...complete, RDS_DATABASE: '', TEMPORAL_ADDRESS: '' });
  expect(environment.target).toMatchObject({
    host: 'warehouse.example.com',
    port: 5432,
    database: 'postgres',
    tls: 'verify',
  });
  expect(environment.target).not.toHaveProperty('caFile');
  expect(environment.temporal).toEqual({ address: 'localhost:7233', namespace: 'default' });
  expect(environment.configDir).toBe(resolve('config'));
  expect(environment.buckets).toEqual({
    raw: 's3://raw-bucket/prefix',
    transformed: 'file:///data/transformed',
    stats: 's3://stats-bucket',
  });
});

test('takes a port, an IPv6 address and TLS off', () => {
  expect(
    parseEnvironment({ ...complete, RDS_ENDPOINT: 'localhost:54329', RDS_TLS: 'off' }).target,
  ).toMatchObject({
    host: 'localhost',
    port: 54_329,
    tls: 'off',
  });
  expect(parseEnvironment({ ...complete, RDS_ENDPOINT: '[::1]:5433' }).target).toMatchObject({
    host: '::1',
    port: 5433,
  });
});

test.each([
  ['RDS_ENDPOINT', undefined, 'is not set'],
  ['RDS_ENDPOINT', 'host:port', "is 'host:port'; allowed: host or host:port"],
  ['RDS_ENDPOINT', 'postgres://u:p@host/db', 'allowed: host or host:port'],
  ['RDS_USER', undefined, 'is not set'],
  ['RDS_TLS', 'no', "is 'no'; allowed: 'verify' (default) or 'off'"],
  ['RDS_CA_FILE', '/nowhere/ca.pem', "names '/nowhere/ca.pem', which does not exist"],
  ['MSSQL_CA_FILE', '/nowhere/ca.pem', 'does not exist'],
  ['RAW_BUCKET', 'raw', "is 'raw'; allowed: 'file:///absolute/directory' or 's3://bucket/prefix'"],
  ['RAW_BUCKET', 'file://raw', 'allowed'],
  ['STATS_BUCKET', undefined, 'is not set'],
  ['TEMPORAL_ADDRESS', 'localhost', 'allowed: host:port'],
  ['MIGRATION_PARAMETER', '/migration/{name}', 'which may hold {category} or {category-with-dashes}'],
  ['SERVER_MAPPINGS_PARAMETER', '/mappings/{category}', 'allowed: a name or ARN in Parameter Store'],
  ['RDS_READER_ENDPOINT', 'reader:port', "is 'reader:port'; allowed: host or host:port"],
  ['RDS_AUTH', 'token', "is 'token'; allowed: 'password' (default) or 'iam'"],
  ['SOURCE_AUTH', 'windows', "is 'windows'; allowed: 'sql' (default) or"],
])('%s = %s is refused by name', (name, value, reason) => {
  const error = failure({ ...complete, [name]: value });
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.message).toContain(name);
  expect(error.message).toContain(reason);
});

test('every wrong variable is named at once', () => {
  const { message } = failure({ RDS_PASSWORD: 'hunter2' });
  for (const name of Object.keys(complete).filter((key) => key !== 'RDS_PASSWORD'))
    expect(message).toContain(name);
});

test('a missing password has its own code, and every way to give one', () => {
  const error = failure({ ...complete, RDS_PASSWORD: '' });
  expect(error.code).toBe('SECRET_MISSING');
  expect(error.message).toMatch(/RDS_PASSWORD .*RDS_PASSWORD_FILE.*RDS_SECRET_ID.*RDS_AUTH to 'iam'/);
});

test('a token takes the place of a password, and travels over TLS only', () => {
  const iam = { ...complete, RDS_PASSWORD: '', RDS_AUTH: 'iam' };
  expect(parseEnvironment(iam).target).toMatchObject({ auth: 'iam', tls: 'verify' });
  const error = failure({ ...iam, RDS_TLS: 'off' });
  expect(error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining("RDS_TLS is 'off'"),
  });
});

test('a service principal needs its tenant', () => {
  const principal = { ...complete, SOURCE_AUTH: 'entra-service-principal' };
  expect(failure(principal).message).toContain('SOURCE_TENANT_ID is not set');
  expect(parseEnvironment({ ...principal, SOURCE_TENANT_ID: 'contoso' }).source).toMatchObject({
    auth: 'entra-service-principal',
    tenantId: 'contoso',
  });
});

test('names of parameters in Parameter Store are passed on', () => {
  const names = {
    MIGRATION_PARAMETER: '/migration-parameter/{category-with-dashes}',
    SERVER_MAPPINGS_PARAMETER: 'arn:aws:ssm:eu-west-1:111111111111:parameter/mappings:3',
  };
  expect(parseEnvironment({ ...complete, ...names }).parameters).toEqual({
    migration: names.MIGRATION_PARAMETER,
    mappings: names.SERVER_MAPPINGS_PARAMETER,
  });
  expect(parseEnvironment(complete).parameters).toEqual({});
});

test('no dump of the environment shows a secret, and no error does', async () => {
  const environment = parseEnvironment({ ...complete, SOURCE_SECRET: '{"password":"swordfish"}' });
  expect(await environment.target.password()).toBe('hunter2');
  const dumps = [JSON.stringify(environment), inspect(environment, { depth: 10, showHidden: true })];
  for (const dump of dumps) expect(dump).not.toMatch(/hunter2|swordfish/);
  expect(failure({ ...complete, RDS_TLS: 'x', RDS_ENDPOINT: ':' }).message).not.toContain('hunter2');
});

describe('environment files', () => {
  const before = { directory: process.cwd(), variables: { ...process.env } };
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'environment-'));
    process.chdir(directory);
    for (const key of Object.keys(complete)) delete process.env[key];
  });
  afterEach(() => {
    process.chdir(before.directory);
    for (const key of Object.keys(complete)) delete process.env[key];
    Object.assign(process.env, before.variables);
    rmSync(directory, { recursive: true, force: true });
  });
  const write = (name: string, variables: Record<string, string>) =>
    writeFileSync(
      name,
      Object.entries(variables)
        .map(([key, value]) => `${key}='${value}'\n`)
        .join(''),
    );

  test('.env.sandbox is read where there is no .env', () => {
    write('.env.sandbox', { ...complete, RDS_USER: 'sandbox' });
    expect(loadEnvironment().target.user).toBe('sandbox');
  });

  test('.env is read instead of .env.sandbox, and the real environment wins over both', () => {
    write('.env.sandbox', { ...complete, RDS_USER: 'sandbox' });
    write('.env', { ...complete, RDS_USER: 'file', LOG_LEVEL: '' });
    process.env.RAW_BUCKET = 's3://real';
    delete process.env.LOG_LEVEL;
    expect(loadEnvironment()).toMatchObject({ target: { user: 'file' }, buckets: { raw: 's3://real' } });
    // Others read process.env themselves, and an empty value counts as not set.
    expect(process.env.LOG_LEVEL).toBeUndefined();
  });

  test('what only talks to Temporal needs nothing of the target, and the other way round', () => {
    expect(loadTemporalEnvironment()).toEqual({ address: 'localhost:7233', namespace: 'default' });
    expect(() => loadTargetEnvironment()).toThrow(/RDS_ENDPOINT is not set.*RDS_USER is not set/);
    write('.env', { RDS_ENDPOINT: 'warehouse:5433', RDS_USER: 'migration', RDS_PASSWORD: 'hunter2' });
    expect(loadTargetEnvironment()).toMatchObject({ host: 'warehouse', port: 5433, user: 'migration' });
    expect(() => loadEnvironment()).toThrow(/RAW_BUCKET is not set/);
  });

  test('what only reads the target asks its reader, where one is named', () => {
    const reader = { ...complete, RDS_READER_ENDPOINT: 'reader.example.com' };
    write('.env', reader);
    expect(loadTargetEnvironment().host).toBe('reader.example.com');
    expect(parseEnvironment(reader).target.host).toBe('warehouse.example.com');
    delete process.env.RDS_READER_ENDPOINT;
  });
});
