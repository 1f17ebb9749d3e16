import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type MotoServer, startMoto } from '../../../sandbox/services/moto.js';
import { controls, statusQuery } from '../../../workflows/messages.js';
import { setVariables } from '../../support/environment.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';
import { steeredRun } from '../estate/steered-run.js';

jest.setTimeout(180_000);

const category = 'cell_perf_stats';
const parameterName = '/migration-parameter/cell-perf-stats';
const mappingsName = '/migration-parameter/server-mappings';

/** The founding case with nothing in files or variables that AWS keeps: two secrets and two parameters in moto. */
describe('a run on secrets and parameters of AWS', () => {
  let directory: string;
  let moto: MotoServer;
  let estate: Estate;
  let restore: () => void;
  let secrets: SecretsManagerClient;
  let parameters: SSMClient;
  let parameter: Record<string, unknown>;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'aws-run-'));
    [moto, estate] = await Promise.all([
      startMoto({ directory }),
      startEstate({ servers: { server01: foundingStyles(60).server01 } }),
    ]);
    estate.configure(`config/categories/${category}.json`, (json) => {
      const [target] = json.targets as readonly object[];
      return { ...json, targets: [{ ...target, chunk: { by: 'date', grain: 'month' } }] };
    });
    restore = setVariables(moto.environment);
    secrets = new SecretsManagerClient({});
    parameters = new SSMClient({});
    await intoAws();
  });
  afterAll(async () => {
    secrets?.destroy();
    parameters?.destroy();
    restore?.();
    await Promise.all([estate?.stop(), moto?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  async function intoAws(): Promise<void> {
    const { environment } = estate;
    const text = (file: string): string => readFileSync(join(estate.directory, 'config', file), 'utf8');
    parameter = JSON.parse(text(`migration-parameters/${category}.json`)) as Record<string, unknown>;
    await put(parameter);
    await parameters.send(
      new PutParameterCommand({ Name: mappingsName, Value: text('server-mappings.json'), Type: 'String' }),
    );
    await secrets.send(new CreateSecretCommand({ Name: 'source', SecretString: environment.SOURCE_SECRET }));
    await secrets.send(
      new CreateSecretCommand({
        Name: 'target',
        SecretString: targetSecret(String(environment.RDS_PASSWORD)),
      }),
    );
    for (const name of ['SOURCE_SECRET', 'RDS_PASSWORD']) delete environment[name];
    Object.assign(environment, {
      SOURCE_SECRET_ID: 'source',
      RDS_SECRET_ID: 'target',
      MIGRATION_PARAMETER: '/migration-parameter/{category-with-dashes}',
      SERVER_MAPPINGS_PARAMETER: mappingsName,
    });
    // What is in AWS must not be found here any more.
    estate.writeFile('config/server-mappings.json', 'gone');
    estate.writeFile(`config/migration-parameters/${category}.json`, 'gone');
  }
  const put = (value: object) =>
    parameters.send(
      new PutParameterCommand({
        Name: parameterName,
        Value: JSON.stringify(value),
        Type: 'SecureString',
        Overwrite: true,
      }),
    );
  const targetSecret = (password: string): string =>
    JSON.stringify({ username: estate.environment.RDS_USER, password, engine: 'postgres' });

  /** As a rotation does it: the database first, the secret a moment later; and every connection is lost. */
  async function rotateTarget(): Promise<void> {
    await estate.postgres.query("ALTER ROLE migration PASSWORD 'rotated'");
    await secrets.send(
      new PutSecretValueCommand({ SecretId: 'target', SecretString: targetSecret('rotated') }),
    );
    await estate.postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'migration'",
    );
  }

  it('is exact, takes a rotated password and a reloaded parameter over, and records where both came from', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { summary, failure } = await steeredRun(
      estate,
      { category },
      {
        activities: (own) => ({
          prepareTargets: async (input) => {
            await released;
            return own.prepareTargets(input);
          },
        }),
        during: async (handle) => {
          while ((await handle.query(statusQuery)).phase !== 'PREPARING')
            await new Promise((resolve) => setTimeout(resolve, 100));
          const reload = () => handle.executeUpdate(controls.reload.update, { args: [{}] });
          expect(await reload()).toEqual({ fields: [] });
          await put({ ...parameter, log_level: 'ERROR' });
          expect(await reload()).toEqual({ fields: ['log_level'] });
          expect(await reload()).toEqual({ fields: [] });
          await put({ ...parameter, log_level: 'DEBUG', input_partition: '20250101' });
          const refused = await reload().catch((error: Error) => error.cause as Error);
          expect(refused).toMatchObject({
            type: 'RELOAD_REFUSED',
            message: expect.stringMatching(/input_partition.*takes effect on the next run/),
          });
          await rotateTarget();
          release();
        },
      },
    );
    expect(failure).toBeUndefined();
    const sources = ['DatabaseA', 'DatabaseB'].map((database) => estate.source('server01', database));
    const expected = await joinedRows(await Promise.all(sources));
    expect(digest(await targetRows(estate.postgres))).toBe(digest(expected));

    const report = JSON.parse(readFileSync(fileURLToPath(summary?.report ?? ''), 'utf8'));
    expect(report.configuration.documents).toMatchObject({
      migrationParameter: {
        name: parameterName,
        version: 2,
        arn: expect.stringMatching(/^arn:aws:ssm:.*:parameter\/migration-parameter\/cell-perf-stats$/),
        value: { ...parameter, log_level: 'ERROR' },
      },
      serverMappings: { name: mappingsName, version: 1 },
    });
    expect(report.configuration.logLevel).toBe('ERROR');
    expect(report.reloads).toEqual([{ at: expect.stringMatching(/Z$/), fields: ['log_level'] }]);
    const { rows } = await estate.postgres.query<{ text: string }>(
      'SELECT r::text AS text FROM migration_control.run r',
    );
    for (const kept of [JSON.stringify(report), ...rows.map(({ text }) => text)])
      expect(kept).not.toMatch(/rotated|not-a-secret-of-anyone/);
  });

  it('fails before any side effect where a secret or a parameter is wrong', async () => {
    const before = await estate.postgres.query('SELECT run_id FROM migration_control.run');
    await put({ ...parameter, job_mode: 'again' });
    expect(await estate.fail()).toMatchObject({
      type: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /^Parameter '\/migration-parameter\/cell-perf-stats': field 'job_mode' is "again"/,
      ),
    });
    await put(parameter);
    estate.environment.SOURCE_SECRET_ID = 'nowhere';
    expect(await estate.fail()).toMatchObject({
      type: 'SECRET_MISSING',
      message: expect.stringContaining("there is no secret 'nowhere'"),
    });
    expect((await estate.postgres.query('SELECT run_id FROM migration_control.run')).rows).toEqual(
      before.rows,
    );
  });
});
