import { checkForGlue, checkGlue } from '../../../activities/check-glue.js';
import type { Dependencies } from '../../../activities/dependencies.js';
import type { RunConfig } from '../../../config/run-config.js';
import { scriptVersion } from '../../../engine/glue/job-request.js';
import type { SourceTableInfo } from '../../../engine/sqlserver/catalog.js';

const config = {
  category: 'perf',
  engine: { export: 'glue', transform: 'glue' },
  glue: {
    timeoutMinutes: 480,
    secretId: 'migration/source',
  },
  databases: [{ server: 's', host: 'h', port: 1433, database: 'd' }],
  targets: [
    { transform: { file: 't.sql', sql: '' }, sources: [{ table: 'cells' }, { table: 'devices' }] },
    { transform: { file: 'u.sql', sql: '' }, sources: [{ table: 'cells' }] },
  ],
} as unknown as RunConfig;

function check(
  over: Partial<RunConfig> = {},
  raw = 's3://raw',
  transformed = 's3://transformed',
  caFile?: string,
) {
  const asked: string[] = [];
  const dependencies = {
    environment: { source: { auth: 'sql', secretVariable: () => undefined, caFile } },
    buckets: { raw: { url: raw }, transformed: { url: transformed } },
    glue: {
      api: {
        job: async (name: string) => {
          asked.push(name);
          return { defaultArguments: { '--script_version': scriptVersion }, maxRetries: 0 };
        },
      },
    },
  } as unknown as Dependencies;
  return { asked, checked: checkGlue(dependencies, { ...config, ...over }) };
}

describe('before a run begins on Glue', () => {
  it('each job that it needs is looked at once, by its founding name', async () => {
    const { asked, checked } = check();
    await checked;
    expect(asked).toEqual(['cells_ExportMssqlToRaw', 'devices_ExportMssqlToRaw', 'perf_rawToTransformed']);
  });

  it('nothing is asked where no engine is Glue', async () => {
    const { asked, checked } = check(
      { engine: { export: 'embedded', transform: 'embedded' } },
      'file:///raw',
    );
    await checked;
    expect(asked).toEqual([]);
  });

  it.each([
    ['RAW_BUCKET', 'file:///raw', 's3://transformed'],
    ['TRANSFORMED_BUCKET', 's3://raw', 'file:///transformed'],
  ])('%s must be one that a job reaches', async (variable, raw, transformed) => {
    const { asked, checked } = check({}, raw, transformed);
    await expect(checked).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${variable} is 'file:///`),
    });
    expect(asked).toEqual([]);
  });

  it('an authority of the workers’ own must be given to jobs that export as well', async () => {
    const checkWith = (over: Partial<RunConfig>) => check(over, undefined, undefined, '/own.pem');
    const { asked, checked } = checkWith({});
    await expect(checked).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/MSSQL_CA_FILE is '\/own.pem'.*"glue.trustStore"/),
    });
    expect(asked).toEqual([]);
    const trustStore = { path: 'own.p12', password: 'changeit' };
    await checkWith({ glue: { ...config.glue, trustStore } }).checked;
    await checkWith({ engine: { export: 'embedded', transform: 'glue' } }).checked;
  });

  it('transformed rows may stay on a disk where jobs only export', async () => {
    const engine = { export: 'glue', transform: 'embedded' } as const;
    await expect(check({ engine }, 's3://raw', 'file:///transformed').checked).resolves.toBeUndefined();
  });

  it('a job must have a name', async () => {
    const glue = { ...config.glue, exportJob: '{tabel}' };
    await expect(check({ glue }).checked).rejects.toThrow(/makes the job's name '\{tabel\}'/);
  });

  it('a column that JDBC does not carry exactly is refused', () => {
    const columns = [
      { name: 'v', sourceType: 'sql_variant', type: { kind: 'text' }, nullable: true },
    ] as unknown as SourceTableInfo['columns'];
    const tables = [{ columns } as SourceTableInfo];
    expect(() => checkForGlue(config.engine, tables, undefined)).toThrow(/Column v is sql_variant/);
    expect(() => checkForGlue({ export: 'embedded', transform: 'glue' }, tables, undefined)).not.toThrow();
  });
});
