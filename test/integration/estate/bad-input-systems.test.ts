import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureCertificates } from '../../../sandbox/services/certificates.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { oddDatabases } from '../../support/odd-databases.js';
import { refuse, restorer } from '../../support/refusals.js';

const mappings = 'config/server-mappings.json';
const categoryFile = 'config/categories/cell_perf_stats.json';

/** Systems that are not as they must be, where an earlier run has left a stage, a live table and objects. */
describe('bad input that only the systems can tell', () => {
  let estate: Estate;
  let restore: () => void;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: [{ name: 'DatabaseA', idPrefix: 's1A', rows: 20, text: 'varchar', time: 'datetime2' }],
        server02: {
          name: 'server02',
          logins: [],
          deny: [{ login: 'migration_reader', permission: 'UNMASK' }],
          databases: oddDatabases,
        },
      },
    });
    estate.configure(mappings, (json) => ({ ...json, databases: { server01: ['DatabaseA'], server02: [] } }));
    restore = restorer(estate, [mappings, categoryFile]);
    await estate.run();
  }, 120_000);
  afterEach(() => restore?.());
  afterAll(() => estate?.stop());

  const odd = (name: string) => () =>
    estate.configure(mappings, (json) => ({
      ...json,
      databases: { server01: ['DatabaseA'], server02: [name] },
    }));
  const set = (name: string, value: () => string) => () => {
    estate.environment[name] = value();
  };
  const mapped = (address: string) =>
    estate.configure(mappings, (json) => ({
      ...json,
      server_mappings: { ...(json.server_mappings as object), server03: address },
      databases: { server01: ['DatabaseA'], server02: [], server03: ['DatabaseA'] },
    }));
  const underFile = (): string => {
    const file = join(estate.directory, 'no-directory');
    writeFileSync(file, '');
    return `${pathToFileURL(file).href}/bucket`;
  };
  const consistency = (value: string) =>
    estate.configure(categoryFile, (json) => ({ ...json, consistency: value }));
  const inSource = (name: string) => ['server02', 'localhost:', name];

  it.each<[string, () => void | Promise<void>, string, readonly string[]]>([
    ['a missing database', odd('Nowhere'), 'SOURCE_DATABASE', [...inSource('Nowhere'), '"databases"']],
    [
      'a missing table',
      odd('OneTable'),
      'SOURCE_OBJECT',
      [...inSource('OneTable'), 'dbo.ue_statistics_data'],
    ],
    [
      'a table without the chunking column',
      odd('NoTime'),
      'SOURCE_OBJECT',
      ['server02/NoTime', "'data_timestamp'", 'partition_col_date', 'it has: cell_location'],
    ],
    [
      'a table without a column that the transform reads',
      odd('NoBandwidth'),
      'TRANSFORM_INVALID',
      ['server02/NoBandwidth', 'sql/transform/cell_perf_stats.sql', 'bandwidth_usage_total'],
    ],
    [
      'masked columns',
      odd('Masked'),
      'SOURCE_HIDDEN_DATA',
      [...inSource('Masked'), 'dbo.cell_performance_data', 'cell_location', 'GRANT UNMASK'],
    ],
    [
      'row-level security',
      odd('RowSecurity'),
      'SOURCE_HIDDEN_DATA',
      [...inSource('RowSecurity'), 'dbo.cell_performance_data', 'row-level security', 'disable the policy'],
    ],
    [
      'SNAPSHOT off with no choice made',
      odd('NoSnapshot'),
      'SOURCE_SNAPSHOT',
      ['server02/NoSnapshot', 'ALLOW_SNAPSHOT_ISOLATION ON', '"rcsi"', '"quiesced"'],
    ],
    [
      'rcsi chosen where READ_COMMITTED_SNAPSHOT is off',
      () => {
        estate.configure(mappings, (json) => ({
          ...json,
          databases: { server01: [], server02: ['NoSnapshot'] },
        }));
        consistency('rcsi');
      },
      'SOURCE_SNAPSHOT',
      ['server02/NoSnapshot', 'READ_COMMITTED_SNAPSHOT ON', '"snapshot"', '"quiesced"'],
    ],
    [
      'windows that would each scan the whole table',
      odd('NoIndex'),
      'SOURCE_SCAN',
      ['server02/NoIndex', 'dbo.cell_performance_data', 'data_timestamp', 'CREATE INDEX', '"allowScans"'],
    ],
    [
      'a wrong password of the source',
      set('SOURCE_SECRET', () => '{"username":"migration_reader","password":"never-to-be-told"}'),
      'SOURCE_LOGIN',
      ['server01', 'DatabaseA', 'SOURCE_SECRET', '18456'],
    ],
    [
      'a wrong password of the target',
      set('RDS_PASSWORD', () => 'never-to-be-told'),
      'TARGET_LOGIN',
      ['127.0.0.1:', "'migration'", 'RDS_PASSWORD'],
    ],
    [
      'a certificate of an authority that nobody named',
      () => {
        delete estate.environment.MSSQL_CA_FILE;
      },
      'TLS_VERIFICATION',
      ['server01', 'localhost:', 'certificate', 'MSSQL_CA_FILE'],
    ],
    [
      'a certificate of another authority',
      async () => {
        estate.environment.MSSQL_CA_FILE = (await ensureCertificates(join(estate.directory, 'other'))).caFile;
      },
      'TLS_VERIFICATION',
      ['server01', 'localhost:', 'certificate', 'MSSQL_CA_FILE'],
    ],
    [
      'a target without the TLS that is asked for',
      set('RDS_TLS', () => 'verify'),
      'TLS_VERIFICATION',
      ['127.0.0.1:', 'RDS_CA_FILE'],
    ],
    ...['RAW_BUCKET', 'TRANSFORMED_BUCKET', 'STATS_BUCKET'].map(
      (name): [string, () => void, string, readonly string[]] => [
        `a ${name} that cannot be written`,
        set(name, underFile),
        'STORAGE_ACCESS',
        [name, 'no-directory/bucket', 'written', 'ENOTDIR'],
      ],
    ),
    [
      'a host that does not exist',
      () => mapped('no-such-host.invalid:1433'),
      'SOURCE_UNREACHABLE',
      ['server03', 'no-such-host.invalid:1433', 'ENOTFOUND', 'server mappings'],
    ],
    [
      'a port that nobody listens on',
      async () => mapped(`localhost:${await closedPort()}`),
      'SOURCE_UNREACHABLE',
      ['server03', 'localhost:', 'ECONNREFUSED', 'server mappings'],
    ],
    [
      'a target that nobody listens on',
      async () => {
        estate.environment.RDS_ENDPOINT = `localhost:${await closedPort()}`;
      },
      'TARGET_UNREACHABLE',
      ['localhost:', 'ECONNREFUSED', 'RDS_ENDPOINT'],
    ],
  ])('refuses %s', async (_, arrange, type, told) => {
    await arrange();
    const refusal = await refuse(estate);
    expect(refusal.type).toBe(type);
    for (const part of told) expect(refusal.message).toContain(part);
    expect(refusal.seconds).toBeLessThan(20);
  });

  it.each([
    ['live', 'mart.cell_perf_stats', 'ADD COLUMN note text', 'DROP COLUMN note', 'note'],
    [
      'live',
      'mart.cell_perf_stats',
      'ALTER COLUMN dropped_calls_total TYPE bigint',
      'ALTER COLUMN dropped_calls_total TYPE integer',
      'dropped_calls_total',
    ],
    ['stage', 'stage.cell_perf_stats', 'ADD COLUMN note text', 'DROP COLUMN note', 'note'],
  ])('refuses a %s table %s after %s', async (which, table, alter, undo, column) => {
    await estate.postgres.query(`ALTER TABLE ${table} ${alter}`);
    try {
      const { type, message } = await refuse(estate);
      expect(type).toBe('TARGET_SHAPE');
      for (const part of [which, table, column, '"columns"']) expect(message).toContain(part);
    } finally {
      await estate.postgres.query(`ALTER TABLE ${table} ${undo}`);
    }
  });

  it('does not even start a worker where MSSQL_CA_FILE names no file', async () => {
    estate.environment.MSSQL_CA_FILE = join(estate.directory, 'absent.pem');
    await expect(estate.fail()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/MSSQL_CA_FILE names '.*absent\.pem', which does not exist/),
    });
  });

  it('runs again once the input is right, and finds everything done', async () => {
    await expect(estate.run()).resolves.toMatchObject({ chunksParked: 0 });
    const { rows } = await estate.postgres.query(
      `SELECT count(*)::int AS runs, count(*) FILTER (WHERE state = 'COMPLETED')::int AS completed FROM migration_control.run`,
    );
    expect(rows).toEqual([{ runs: 2, completed: 2 }]);
  });
});

async function closedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
