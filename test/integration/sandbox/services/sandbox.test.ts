import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Client } from 'pg';
import { checkTarget } from '../../../../sandbox/demo/independent-check.js';
import { assertPortsFree, freePort } from '../../../../sandbox/services/ports.js';
import {
  removeSandbox,
  runningSandbox,
  startSandbox,
  stopSandbox,
} from '../../../../sandbox/services/sandbox.js';
import type { SandboxSettings } from '../../../../sandbox/services/settings.js';

describe('the sandbox as a whole', () => {
  let settings: SandboxSettings;
  let envFile: string;

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    envFile = join(directory, '.env.sandbox');
    const [temporal = 0, temporalUi = 0, postgres = 0, server01 = 0, server02 = 0] = await Promise.all(
      Array.from({ length: 5 }, freePort),
    );
    settings = {
      directory,
      ports: { temporal, temporalUi, postgres, server01, server02 },
      rows: 200,
      storage: 'file',
    };
  });
  afterAll(() => removeSandbox(settings.directory));

  const environment = () => parseEnv(readFileSync(envFile, 'utf8'));

  it('comes up, and a role that is no superuser reaches the target as .env.sandbox says', async () => {
    const state = await startSandbox(settings, envFile);
    expect(runningSandbox(settings.directory)).toEqual(state);
    expect(statSync(envFile).mode & 0o077).toBe(0);
    const { RDS_USER = '', RDS_PASSWORD = '', RDS_DATABASE = '', RDS_CA_FILE = '' } = environment();
    const client = new Client({
      host: 'localhost',
      port: settings.ports.postgres,
      user: RDS_USER,
      password: RDS_PASSWORD,
      database: RDS_DATABASE,
      ssl: { ca: readFileSync(RDS_CA_FILE) },
    });
    await client.connect();
    const { rows } = await client.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
    await client.end();
    expect(rows).toEqual([{ rolsuper: false }]);
  }, 120_000);

  it('refuses a second start in the same directory', async () => {
    await expect(startSandbox(settings, envFile)).rejects.toThrow('A sandbox is up already');
  });

  it('points the product at the ports it was given', () => {
    const mappings = JSON.parse(
      readFileSync(join(environment().CONFIG_DIR ?? '', 'server-mappings.json'), 'utf8'),
    );
    expect(mappings.server_mappings).toEqual({
      server01: `localhost:${settings.ports.server01}`,
      server02: `localhost:${settings.ports.server02}`,
    });
  });

  it('serves the input to the stock driver, whose join differs from an empty target', async () => {
    const { username, password } = JSON.parse(readFileSync(environment().SOURCE_SECRET_FILE ?? '', 'utf8'));
    const source = { user: username, password, ca: readFileSync(environment().MSSQL_CA_FILE ?? '', 'utf8') };
    const client = new Client({
      host: 'localhost',
      port: settings.ports.postgres,
      user: environment().RDS_USER ?? '',
      password: environment().RDS_PASSWORD ?? '',
      database: environment().RDS_DATABASE ?? '',
    });
    await client.connect();
    await client.query(`CREATE TABLE mart.empty (cell_location text, cell_id text, bandwidth_usage_total numeric,
      signal_strength_indicator_1 int, dropped_calls_total int, device_id text, data_usage_total numeric,
      network_quality_indicator_1 int, handover_attempts int, data_timestamp timestamp)`);
    const check = (server: 'server01' | 'server02', database: string) =>
      checkTarget([{ ...source, server, database, port: settings.ports[server] }], client, 'mart.empty', [
        '2025-01-01',
      ]);
    const [full] = await check('server01', 'DatabaseA');
    const [empty] = await check('server02', 'DatabaseB');
    await client.end();
    expect(full?.expected.rows).toBeGreaterThan(20);
    expect(full?.expected.sum).not.toBe(full?.actual.sum);
    expect(empty?.expected).toEqual({ rows: 0, sum: '0000000000000000' });
  }, 60_000);

  it('frees every port when it is stopped', async () => {
    await stopSandbox(settings.directory);
    expect(runningSandbox(settings.directory)).toBeUndefined();
    await assertPortsFree(settings.ports);
  }, 60_000);
});
