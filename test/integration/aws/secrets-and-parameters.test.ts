import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { parseEnvironment } from '../../../config/environment';
import { loadRunConfig } from '../../../config/load';
import { SourceLogins } from '../../../config/source-credentials';
import { localRegion } from '../../../sandbox/services/aws-server';
import { type MotoServer, motoAccount, startMoto } from '../../../sandbox/services/moto';
import { setVariables } from '../../support/environment';
import { createMotoUser } from '../../support/moto-user';

jest.setTimeout(120_000);

const repository = resolve(__dirname, '../../..');
const category = 'cell_perf_stats';
const parameterName = '/migration-parameter/cell-perf-stats';
const mappingsName = '/migration-parameter/server-mappings';
const founding = {
  username: 'reader',
  password: 'pa$$word',
  engine: 'sqlserver',
  host: '*',
  port: '1433',
  dbname: 'DatabaseA',
};
const server = { server: 'server01', host: 'db.example.com', port: 1444 };
const base = {
  RDS_ENDPOINT: 'warehouse.example.com',
  RDS_USER: 'migration',
  RAW_BUCKET: 's3://raw-bucket',
  TRANSFORMED_BUCKET: 's3://transformed-bucket',
  STATS_BUCKET: 's3://stats-bucket',
};

let directory: string;
let moto: MotoServer;
let restore: () => void;
let secrets: SecretsManagerClient;
let parameters: SSMClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'aws-'));
  moto = await startMoto({ directory });
  restore = setVariables(moto.environment);
  secrets = new SecretsManagerClient({});
  parameters = new SSMClient({});
  cpSync(join(repository, 'config'), join(directory, 'config'), { recursive: true });
  cpSync(join(repository, 'sql'), join(directory, 'sql'), { recursive: true });
});
afterAll(async () => {
  secrets?.destroy();
  parameters?.destroy();
  restore?.();
  await moto?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const createSecret = (Name: string, SecretString: string) =>
  secrets.send(new CreateSecretCommand({ Name, SecretString }));
const logins = (variables: Record<string, string>) =>
  new SourceLogins({ auth: 'sql', secretVariable: (name) => variables[name] });
const failureOf = async (
  work: Promise<unknown>,
): Promise<{ code: string; message: string; retryable: boolean }> =>
  work.then(
    () => Promise.reject(new Error('It was accepted.')),
    (error) => error,
  );

describe('a secret in Secrets Manager', () => {
  test('logs in to a source by name and by ARN, the own one of a server before the common one', async () => {
    await createSecret('common', JSON.stringify(founding));
    const { ARN = '' } = await createSecret('own', JSON.stringify({ ...founding, username: 'own' }));
    expect(await logins({ SOURCE_SECRET_ID: 'common' }).of(server)).toEqual({
      auth: 'sql',
      user: 'reader',
      password: 'pa$$word',
      host: 'db.example.com',
      port: 1444,
    });
    const both = { SOURCE_SECRET_ID: 'common', SOURCE_SECRET_SERVER01_ID: ARN };
    expect(await logins(both).of(server)).toMatchObject({ user: 'own' });
    expect(await logins(both).of({ ...server, server: 'server02' })).toMatchObject({ user: 'reader' });
    // An ARN says its region itself.
    const elsewhere = setVariables({ AWS_REGION: 'eu-north-1' });
    expect(await logins(both).of(server)).toMatchObject({ user: 'own' });
    const missing = await failureOf(logins({ SOURCE_SECRET_ID: 'common' }).of(server));
    elsewhere();
    expect(missing).toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining("there is no secret 'common' in region eu-north-1"),
    });
  });

  test('is kept until it is refused, and then read anew once, however many were refused', async () => {
    await createSecret('rotated', JSON.stringify({ ...founding, password: 'first' }));
    const source = logins({ SOURCE_SECRET_ID: 'rotated' });
    const refused = await Promise.all([source.of(server), source.of({ ...server, server: 'server02' })]);
    const rotate = (password: string) =>
      secrets.send(
        new PutSecretValueCommand({
          SecretId: 'rotated',
          SecretString: JSON.stringify({ ...founding, password }),
        }),
      );
    await rotate('second');
    expect(await source.of(server)).toMatchObject({ password: 'first' });
    const renewed = await Promise.all(refused.map((login) => source.renewed(server, login)));
    expect(renewed).toMatchObject([{ password: 'second' }, { password: 'second' }]);
    await rotate('third');
    // Whoever was refused the first has a newer one already, which nobody has refused.
    expect(await source.renewed(server, refused[0])).toMatchObject({ password: 'second' });
  });

  test('holds the password of the target, for the user that it names', async () => {
    const secret = { username: 'migration', password: 'first', engine: 'postgres' };
    await createSecret('target', JSON.stringify(secret));
    const { target } = parseEnvironment({ ...base, RDS_SECRET_ID: 'target' });
    expect(await target.password()).toBe('first');
    const rotate = (password: string) =>
      secrets.send(
        new PutSecretValueCommand({
          SecretId: 'target',
          SecretString: JSON.stringify({ ...secret, password }),
        }),
      );
    await rotate('second');
    expect(await target.password()).toBe('first');
    expect(await target.password('first')).toBe('second');
    expect(await target.password('first')).toBe('second');
    // The server took the third before the secret has it.
    const third = target.password('second');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await rotate('third');
    expect(await third).toBe('third');
    const { target: other } = parseEnvironment({ ...base, RDS_USER: 'somebody', RDS_SECRET_ID: 'target' });
    expect(await failureOf(other.password())).toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining("another user than RDS_USER 'somebody'"),
    });
  });

  test.each([
    ['binary', { SecretBinary: Buffer.from('{}') }, /'binary' is binary/],
    ['text', { SecretString: 'user:pa$$word' }, /SOURCE_SECRET_ID is not JSON/],
    ['partial', { SecretString: '{"username":"pa$$word"}' }, /incomplete in: password/],
    ['of-another-engine', { SecretString: JSON.stringify({ ...founding, engine: 'mysql' }) }, /in: engine/],
  ])('that is %s is SECRET_MISSING, and is not quoted', async (Name, value, message) => {
    await secrets.send(new CreateSecretCommand({ Name, ...value }));
    const failure = await failureOf(logins({ SOURCE_SECRET_ID: Name }).of(server));
    expect(failure).toMatchObject({ code: 'SECRET_MISSING', message: expect.stringMatching(message) });
    expect(failure.message).not.toContain('pa$$word');
  });

  test('that is marked for deletion is missing', async () => {
    await createSecret('going', JSON.stringify(founding));
    await secrets.send(new DeleteSecretCommand({ SecretId: 'going', RecoveryWindowInDays: 7 }));
    expect(await failureOf(logins({ SOURCE_SECRET_ID: 'going' }).of(server))).toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining("'going' is marked for deletion"),
    });
  });
});

describe('parameters in Parameter Store', () => {
  const file = (path: string) => readFileSync(join(repository, 'config', path), 'utf8');
  const put = (Name: string, Value: string, Type: 'String' | 'SecureString' | 'StringList' = 'String') =>
    parameters.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }));
  const load = (migration: string, mappings?: string) =>
    loadRunConfig(
      { category },
      {
        configDir: join(directory, 'config'),
        parameters: { migration, ...(mappings !== undefined && { mappings }) },
      },
    );
  const arn = (name: string) => `arn:aws:ssm:${localRegion}:${motoAccount}:parameter${name}`;

  beforeAll(async () => {
    await put(parameterName, file(`migration-parameters/${category}.json`), 'SecureString');
    await put(mappingsName, file('server-mappings.json'));
  });

  test('say what the files say, and are recorded with version and ARN', async () => {
    const { documents, ...config } = await load(parameterName, mappingsName);
    const fromFiles = await loadRunConfig(
      { category },
      { configDir: join(repository, 'config'), parameters: {} },
    );
    const { documents: files, ...same } = fromFiles;
    expect(config).toEqual(same);
    expect(documents).toEqual({
      migrationParameter: {
        name: parameterName,
        arn: arn(parameterName),
        version: 1,
        value: files.migrationParameter.value,
      },
      serverMappings: {
        name: mappingsName,
        arn: arn(mappingsName),
        version: 1,
        value: files.serverMappings.value,
      },
    });
    expect(files.migrationParameter).toMatchObject({
      name: `config/migration-parameters/${category}.json`,
      value: expect.objectContaining({ job_mode: 'resume' }),
    });
  });

  test('go by templates, by ARN and by version too', async () => {
    const { documents } = await load('/migration-parameter/{category-with-dashes}');
    expect(documents.migrationParameter).toMatchObject({ name: parameterName });
    const old = JSON.parse(file(`migration-parameters/${category}.json`)) as object;
    await put(parameterName, JSON.stringify({ ...old, log_level: 'DEBUG' }), 'SecureString');
    expect(await load(parameterName)).toMatchObject({
      logLevel: 'DEBUG',
      documents: { migrationParameter: { version: 2 } },
    });
    expect(await load(`${parameterName}:1`)).toMatchObject({ logLevel: 'INFO' });
    expect(await load(arn(parameterName))).toMatchObject({ logLevel: 'DEBUG' });
  });

  test.each([
    [
      'not-json',
      '{\n  "job_mode": }',
      'CONFIG_NOT_JSON',
      /^Parameter '.*' is not JSON: .* at line 2, column 15/,
    ],
    [
      'cut',
      `{"x": "${'y'.repeat(4_089)}`,
      'CONFIG_NOT_JSON',
      /has 4096 bytes, all that a parameter can hold/,
    ],
    [
      'wrong',
      '{"job_mode":"again"}',
      'CONFIG_INVALID',
      /^Parameter '.*': field 'job_mode' is "again"; allowed/,
    ],
    ['empty', '[]', 'CONFIG_INVALID', /^Parameter '.*': the whole document: allowed: an object/],
  ])('that are %s are told as files are, by their name', async (kind, value, code, message) => {
    const name = `/${kind}/${category}`;
    await put(name, value);
    expect(await failureOf(load(name))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('that are missing, lists, or of another category are refused', async () => {
    const list = `/list/${category}`;
    await put(list, 'a,b', 'StringList');
    expect(await failureOf(load(list))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('is a StringList; allowed: String or SecureString'),
    });
    expect(await failureOf(load(`/nowhere/${category}`))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /^MIGRATION_PARAMETER: there is no parameter '\/nowhere\/.*region us-east-1/,
      ),
    });
    expect(await failureOf(load(`${parameterName}:99`))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`'${parameterName}:99'`),
    });
    expect(await failureOf(load('/migration-parameter/other-stats'))).toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('without permission', () => {
  let asNobody: () => void;
  beforeAll(async () => {
    const keys = await createMotoUser(moto.endpoint, 'nobody', [
      { Effect: 'Allow', Action: 's3:*', Resource: '*' },
    ]);
    await moto.checkPermissions(true);
    asNobody = setVariables(keys);
  });
  afterAll(async () => {
    asNobody?.();
    await moto.checkPermissions(false);
  });

  test('the missing action and its resource are named, and nothing is tried again', async () => {
    expect(await failureOf(logins({ SOURCE_SECRET_ID: 'common' }).of(server))).toMatchObject({
      code: 'AWS_ACCESS',
      retryable: false,
      message: expect.stringMatching(
        /^SOURCE_SECRET_ID: secretsmanager:GetSecretValue on common in region us-east-1 \(HTTP 403\): not allowed\. Allow secretsmanager:GetSecretValue on it/,
      ),
    });
    const parameters = { migration: parameterName, mappings: mappingsName };
    const configDir = join(directory, 'config');
    expect(await failureOf(loadRunConfig({ category }, { configDir, parameters }))).toMatchObject({
      code: 'AWS_ACCESS',
      message: expect.stringMatching(
        /^SERVER_MAPPINGS_PARAMETER: ssm:GetParameter on \/migration-parameter\/server-mappings in region us-east-1 \(HTTP 403\): not allowed/,
      ),
    });
  });
});
