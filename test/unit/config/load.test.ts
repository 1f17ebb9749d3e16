import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadRunConfig, type RunRequest } from '../../../config/load';
import { MigrationError } from '../../../engine/errors';

type Json = Record<string, unknown>;
const repository = resolve(__dirname, '../../..');
const category = 'cell_perf_stats';
const mappingsFile = 'config/server-mappings.json';
const parameterFile = `config/migration-parameters/${category}.json`;
const categoryFile = `config/categories/${category}.json`;
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'config-'));
  for (const part of ['server-mappings.json', 'migration-parameters', 'categories']) {
    cpSync(join(repository, 'config', part), join(project, 'config', part), { recursive: true });
  }
  cpSync(join(repository, 'sql/transform'), join(project, 'sql/transform'), { recursive: true });
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const load = (request: Partial<RunRequest> = {}) =>
  loadRunConfig({ category, ...request }, { configDir: join(project, 'config'), parameters: {} });

/** Sets (or, with undefined, removes) the value at a dotted path of one of the files. */
function edit(file: string, path: string, value: unknown): void {
  const root = JSON.parse(readFileSync(join(project, file), 'utf8')) as Json;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((at, key) => at[key] as Json, root);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  writeFileSync(join(project, file), JSON.stringify(root));
}

async function failure(request: Partial<RunRequest> = {}): Promise<{ code: string; message: string }> {
  try {
    await load(request);
  } catch (error) {
    expect(error).toBeInstanceOf(MigrationError);
    return error as MigrationError;
  }
  throw new Error('The configuration was accepted.');
}

async function expectInvalid(...parts: readonly string[]): Promise<void> {
  const { code, message } = await failure();
  expect(code).toBe('CONFIG_INVALID');
  for (const part of parts) expect(message).toContain(part);
}

describe('the sample configuration', () => {
  test('gives the founding case', async () => {
    const config = await load();
    expect(
      config.databases.map(({ server, host, port, database }) => [server, host, port, database]),
    ).toEqual([
      ['server01', 'localhost', 14331, 'DatabaseA'],
      ['server01', 'localhost', 14331, 'DatabaseB'],
      ['server02', 'localhost', 14332, 'DatabaseA'],
      ['server02', 'localhost', 14332, 'DatabaseB'],
    ]);
    expect(config).toMatchObject({
      jobMode: 'resume',
      logLevel: 'INFO',
      attentionWaitSeconds: 259_200,
      maxValueBytes: 268_435_456,
      stallSeconds: 300,
    });
    expect(config.inputPartition).toBeUndefined();
    const [target] = config.targets;
    expect(target?.columns.at(-1)).toEqual({
      name: 'data_timestamp',
      type: { kind: 'timestamp', precision: 3 },
      nullable: false,
      pgType: 'timestamp(3)',
    });
    expect(target?.transform?.sql).toContain('LEFT JOIN ue_statistics_data');
    expect(target?.sources.map((source) => source.filterBounds)).toEqual([
      { from: '2025-01-01', to: '2025-01-11' },
      { from: '2025-01-01', to: '2025-01-11' },
    ]);
  });

  test('lets a text behind a transform be cut to its column', async () => {
    edit(categoryFile, 'targets.0.columns.0.policy', 'truncate');
    expect((await load()).targets[0]?.columns[0]).toMatchObject({
      pgType: 'varchar(200)',
      policy: 'truncate',
    });
  });

  test('is overridden by the workflow input', async () => {
    const config = await load({ jobMode: 'restart', inputPartition: '20250103' });
    expect(config).toMatchObject({ jobMode: 'restart', inputPartition: '20250103' });
  });

  test('gives each source table its own filter', async () => {
    edit(parameterFile, 'source_filter_ue_statistics_data', "data_timestamp < '2025-01-05'");
    const [left, right] = (await load()).targets[0]?.sources ?? [];
    expect(left?.filter).toContain("'2025-01-11'");
    expect(right?.filter).toBe("data_timestamp < '2025-01-05'");
    edit(parameterFile, 'source_filter_ue_statistics_data', undefined);
    expect((await load()).targets[0]?.sources[1]).not.toHaveProperty('filter');
  });

  test('takes defaults for everything that a category file may leave out', async () => {
    const optional = [
      'consistency',
      'concurrency',
      'attention',
      'poison',
      'poisonLimit',
      'storage',
      'duckdb',
      'maxValue',
      'stall',
      'slow',
      'finalize',
    ];
    for (const key of optional) edit(categoryFile, key, undefined);
    edit(categoryFile, 'targets.0.chunk', undefined);
    const withDefaults = await load();
    cpSync(join(repository, categoryFile), join(project, categoryFile));
    expect(withDefaults).toEqual(await load());
  });
});

describe('rows that the target cannot hold', () => {
  test('park their chunk, unless a limit of them may be quarantined', async () => {
    expect((await load()).quarantineLimit).toBe(0);
    edit(categoryFile, 'poison', 'quarantine');
    expect((await load()).quarantineLimit).toBe(100);
    edit(categoryFile, 'poisonLimit', 7);
    expect((await load()).quarantineLimit).toBe(7);
    edit(categoryFile, 'poison', 'park');
    expect((await load()).quarantineLimit).toBe(0);
  });

  test.each([
    ['poison', 'skip', "'park' or 'quarantine'"],
    ['poisonLimit', 0, 'from 1 to 10000'],
  ])('%s: %j is refused', async (key, value, allowed) => {
    edit(categoryFile, key, value);
    await expectInvalid(categoryFile, key, allowed);
  });
});

describe('the scope of a transform', () => {
  test('is a chunk unless a wider one is given', async () => {
    expect((await load()).targets[0]?.scope).toBe('chunk');
    edit(categoryFile, 'targets.0.scope', 'category');
    expect((await load()).targets[0]?.scope).toBe('category');
  });

  test('is refused where it is none, or has no transform, or a part of the windows only', async () => {
    edit(categoryFile, 'targets.0.scope', 'server');
    await expectInvalid(categoryFile, "'chunk', 'database' or 'category'");
    edit(categoryFile, 'targets.0.scope', 'database');
    edit(parameterFile, 'input_partition', '202501');
    await expectInvalid(categoryFile, 'targets.0.scope', 'input_partition');
  });
});

describe('databases', () => {
  test('may be given per server', async () => {
    edit(mappingsFile, 'databases', { server01: ['DatabaseA'], server02: [] });
    expect((await load()).databases.map(({ server, database }) => [server, database])).toEqual([
      ['server01', 'DatabaseA'],
    ]);
  });

  test.each([
    [{ server01: ['A'], server02: ['A'], server03: ['A'] }, "server 'server03' is not mapped"],
    [{ server01: ['A'] }, "no list for server 'server02'"],
    [{ server01: [], server02: [] }, 'names no database'],
    [[], 'names no database'],
    [['A', 'a'], 'each once'],
    ['DatabaseA', 'a list of database names'],
  ])('%j is refused', async (databases, reason) => {
    edit(mappingsFile, 'databases', databases);
    await expectInvalid('server-mappings.json', 'databases', reason);
  });
});

describe('what a workflow may ask for', () => {
  test.each(['nope', '../cell_perf_stats', '__proto__', ''])(
    'unknown category %j lists the known ones',
    async (name) => {
      const { code, message } = await failure({ category: name });
      expect(code).toBe('CATEGORY_UNKNOWN');
      expect(message).toContain('server-mappings.json');
      expect(message).toContain('cell_perf_stats.');
    },
  );

  test.each(['202513', '20250230', '2025', '20250101 ', '202500', '00000101', '2025-01-01'])(
    'input_partition %j is refused, in the input and in the file',
    async (value) => {
      const { code, message } = await failure({ inputPartition: value });
      expect(code).toBe('CONFIG_INVALID');
      expect(message).toContain(`field 'inputPartition' is ${JSON.stringify(value)}`);
      expect(message).toContain("'YYYYMM'");
      edit(parameterFile, 'input_partition', value);
      await expectInvalid(
        'cell_perf_stats.json',
        `field 'input_partition' is ${JSON.stringify(value)}`,
        "'YYYYMM'",
      );
    },
  );

  test.each(['202502', '20240229', '99991231'])('input_partition %s is taken', async (inputPartition) => {
    expect((await load({ inputPartition })).inputPartition).toBe(inputPartition);
  });

  test('job_mode unknown is refused, in the input and in the file', async () => {
    const { code, message } = await failure({ jobMode: 'replace' });
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toContain(`field 'jobMode' is "replace"; allowed: 'resume' or 'restart'`);
    edit(parameterFile, 'job_mode', 'replace');
    await expectInvalid(`field 'job_mode' is "replace"; allowed: 'resume' or 'restart'`);
  });
});

describe('a wrong value names file, field, value and what is allowed', () => {
  test.each([
    'host',
    'host:',
    'host:0',
    'host:65536',
    'host:14a',
    ':1433',
    'tcp:host,1433',
    'a b:1433',
    'host:1433/x',
  ])('address %j', async (address) => {
    edit(mappingsFile, 'server_mappings.server02', address);
    await expectInvalid(
      'server-mappings.json',
      `field 'server_mappings.server02' is "${address}"`,
      "'host:port'",
    );
  });

  test.each([
    [parameterFile, 'jobmode', 'resume', "unknown key 'jobmode' (nearest allowed: 'job_mode')"],
    [
      parameterFile,
      'source_filter_cell_performance',
      'a = 1',
      "nearest allowed: 'source_filter_cell_performance_data'",
    ],
    [parameterFile, 'input_partition', 20250101, 'as text'],
    [parameterFile, 'log_level', 'info', "'DEBUG', 'INFO', 'WARN' or 'ERROR'"],
    [parameterFile, 'partition_col_date', undefined, "field 'partition_col_date' is missing"],
    [mappingsFile, 'database', [], "unknown key 'database' (nearest allowed: 'databases')"],
    [mappingsFile, 'server_mappings', {}, 'at least one server'],
    [mappingsFile, 'server_mappings', { 'bad alias': 'h:1' }, 'server aliases of letters'],
    [mappingsFile, 'server_mappings.server02', 'LOCALHOST:14331', "which 'server01' already names"],
    [
      mappingsFile,
      'categories.cell_perf_stats',
      ['cell_performance_data'],
      'only the category file reads ue_statistics_data',
    ],
    [
      mappingsFile,
      'categories.cell_perf_stats',
      ['cell_performance_data', 'ue_statistics_data', 'x'],
      'only the mappings list x',
    ],
    [categoryFile, 'concurrencyy', {}, "unknown key 'concurrencyy' (nearest allowed: 'concurrency')"],
    [categoryFile, 'targets.0.chunk.grein', 'day', "nearest allowed: 'grain'"],
    [categoryFile, 'targets.0.chunk.grain', 'week', "'day' or 'month'"],
    [categoryFile, 'concurrency.perServer', 0, 'sessions from 1 to 256'],
    [categoryFile, 'duckdb.memoryLimit', 'lots', "'1GB'"],
    [categoryFile, 'consistency', 'nolock', "'snapshot' or 'rcsi' or 'quiesced'"],
    [categoryFile, 'targets.0.columns.2.type', 'money', 'numeric(p,s)'],
    [categoryFile, 'targets.0.columns.0.name', 'Cell_ID', 'twice'],
    [categoryFile, 'targets.0.columns.0.name', 'chunk_id', 'stage table has already'],
    [categoryFile, 'targets.0.columns.0.name', 'ü'.repeat(32), '63 bytes'],
    [categoryFile, 'targets.0.primaryKey', ['cell_idd'], "nearest: 'cell_id'"],
    [categoryFile, 'targets.0.primaryKey', ['cell_location'], 'nullable'],
    [categoryFile, 'targets.0.primaryKey', ['cell_id', 'cell_id'], 'twice'],
    [categoryFile, 'targets.0.partitionColumn', 'cell_id', 'date or timestamp'],
    [categoryFile, 'targets.0.partitionColumn', 'timestamp', "nearest: 'data_timestamp'"],
    [categoryFile, 'targets.0.transform', 'sql/transform/none.sql', 'none.sql does not exist'],
    [categoryFile, 'targets.0.transform', undefined, 'exactly one source'],
    [categoryFile, 'targets.0.path', 'direct', 'allowed: "staged"'],
    [categoryFile, 'targets.0.columns.0.policy', 'drop', "'fail', 'replace', 'round', 'truncate', 'bytes'"],
    [
      categoryFile,
      'targets.0.columns.0.policy',
      'round',
      'allowed behind a transform: "fail" or "replace" or "truncate"',
    ],
    [categoryFile, 'targets.0.columns.2.policy', 'truncate', 'allowed behind a transform: "fail", as'],
    [
      categoryFile,
      'targets.0.columns.0',
      { name: 'cell_location', type: 'bytea', policy: 'bytes' },
      '"bytes"; allowed behind a transform: "fail", as',
    ],
    [categoryFile, 'targets', [], 'at least one target'],
  ])('%s: %s = %j', async (file, path, value, reason) => {
    edit(file, path, value);
    await expectInvalid(file.split('/').at(-1) ?? '', reason);
  });

  test('a filter that does not parse names file, field, value and position', async () => {
    edit(parameterFile, 'source_filter_ue_statistics_data', 'data_timestamp >=');
    const { code, message } = await failure();
    expect(code).toBe('FILTER_INVALID');
    expect(message).toContain(
      `cell_perf_stats.json: field 'source_filter_ue_statistics_data' is "data_timestamp >="`,
    );
    expect(message).toContain('position 18');
  });

  test('chunks by key have a key column for every source, and a date column for input_partition alone', async () => {
    edit(categoryFile, 'targets.0.chunk', { by: 'key', rows: 500 });
    edit(categoryFile, 'targets.0.sources.0.chunkColumn', 'cell_id');
    await expectInvalid('sources.1', 'chunkColumn is missing and chunk.column too', "'ue_statistics_data'");
    edit(categoryFile, 'targets.0.chunk.column', 'device_id');
    const [target] = (await load({ inputPartition: '202501' })).targets;
    expect(target?.chunk).toMatchObject({ by: 'key', rows: 500, allowScans: false });
    expect(target?.sources).toMatchObject([
      { chunkColumn: 'cell_id', partitionColumn: 'data_timestamp', filterBounds: { from: '2025-01-01' } },
      { chunkColumn: 'device_id', partitionColumn: 'data_timestamp', filterBounds: { from: '2025-01-01' } },
    ]);
    edit(parameterFile, 'partition_col_date', undefined);
    expect((await load()).targets[0]?.sources[0]).not.toHaveProperty('partitionColumn');
    const refusal = await failure({ inputPartition: '202501' });
    expect(refusal.message).toContain("'partition_col_date' is missing");
  });

  test('one reading for all windows needs dates, a bucket, a quiet source, and no text that is mended on the way', async () => {
    edit(categoryFile, 'targets.0.chunk', { onePass: true });
    await expectInvalid('chunk.onePass', '"snapshot"', '"quiesced"');
    edit(categoryFile, 'consistency', 'quiesced');
    expect((await load()).targets[0]?.chunk).toMatchObject({
      by: 'date',
      onePass: true,
      scanRows: 5_000_000,
    });
    edit(categoryFile, 'targets.0.chunk', { onePass: true, by: 'none' });
    await expectInvalid('chunk.onePass', 'chunk.by is "none"', 'chunk.by "date"');
    edit(categoryFile, 'targets.0.chunk', { onePass: true, scanRows: 0 });
    await expectInvalid('scanRows', 'from 1 to');
    edit(categoryFile, 'targets.0.chunk', { onePass: 'yes' });
    await expectInvalid('onePass', 'true or false');
  });

  test('one reading for all windows is refused with path "direct" and with policy "replace" of a copy, not with "bytes"', async () => {
    edit(categoryFile, 'consistency', 'quiesced');
    edit(categoryFile, 'targets.0.chunk', { onePass: true });
    edit(categoryFile, 'targets.0.transform', undefined);
    edit(categoryFile, 'targets.0.columns.0.policy', 'replace');
    await expectInvalid('chunk.onePass', 'columns.0.policy', '"replace"');
    edit(categoryFile, 'targets.0.columns.0.policy', 'bytes');
    await expectInvalid('targets.0.transform', 'exactly one source');
    edit(categoryFile, 'targets.0.path', 'direct');
    await expectInvalid('chunk.onePass', 'path is "direct"', '"staged"');
  });

  test('input_partition needs chunks by date', async () => {
    edit(categoryFile, 'targets.0.chunk.by', 'none');
    expect((await load()).targets[0]?.sources[0]).not.toHaveProperty('chunkColumn');
    expect((await failure({ inputPartition: '202501' })).message).toContain('chunk.by');
  });
});

describe('guards', () => {
  const query = 'SELECT COUNT(*) FROM dbo.load';

  test('have a query of their own or a file, and grow the limit back at 80 % of the threshold', async () => {
    const file = 'sql/sqlserver/guard/active-requests.sql';
    cpSync(join(repository, file), join(project, file));
    edit(categoryFile, 'guard', {
      server01: { query: file, threshold: 20 },
      server02: { query, threshold: 0.5, recover: 0, every: 3 },
    });
    const { guards } = await load();
    expect(guards).toEqual({
      server01: {
        name: 'active-requests',
        sql: readFileSync(join(repository, file), 'utf8'),
        threshold: 20,
        recover: 16,
        everySeconds: 10,
      },
      server02: { name: 'its query', sql: query, threshold: 0.5, recover: 0, everySeconds: 3 },
    });
  });

  test.each<readonly [object, readonly string[]]>([
    [{ server03: { query, threshold: 1 } }, ["field 'guard.server03'", "nearest: 'server01'"]],
    [
      { server01: { query, threshold: 1, recover: 2 } },
      ["'guard.server01.recover' is 2", 'at most the threshold'],
    ],
    [
      { server01: { query: 'none.sql', threshold: 1 } },
      ["'guard.server01.query'", 'none.sql does not exist'],
    ],
    [{ server01: { query: '', threshold: 1 } }, ["'guard.server01.query'", 'one number']],
    [{ server01: { query, threshold: -1 } }, ["'guard.server01.threshold' is -1", 'a number from 0']],
    [{ server01: { query, threshold: 1, every: 0 } }, ["'guard.server01.every' is 0", 'seconds from 1']],
    [{ server01: { query, treshold: 1 } }, ["'guard.server01", "nearest allowed: 'threshold'"]],
    [{ server01: { query } }, ["'guard.server01.threshold' is missing", 'a number from 0']],
  ])('%j', async (guard, reasons) => {
    edit(categoryFile, 'guard', guard);
    await expectInvalid('cell_perf_stats.json', ...reasons);
  });

  test('need a second session on their server', async () => {
    edit(categoryFile, 'guard', { server01: { query, threshold: 1 } });
    edit(categoryFile, 'concurrency.perServer', 1);
    await expectInvalid("'concurrency.perServer' is 1", 'at least 2 with a guard');
  });
});

describe('a file that cannot be used', () => {
  test.each([
    ['{ "server_mappings": { "a": "b:1" }\n  "databases": [] }', 'CommaExpected at line 2, column 3'],
    ['{ "databases": [] // later\n}', 'InvalidCommentToken at line 1, column 19'],
    ['{ "databases": [], "databases": ["A"] }', "key 'databases' is given twice at line 1, column 20"],
    ['', 'ValueExpected at line 1, column 1'],
    ['{}}', 'EndOfFileExpected at line 1, column 3'],
  ])('%j is not JSON', async (text, reason) => {
    writeFileSync(join(project, mappingsFile), text);
    const { code, message } = await failure();
    expect(code).toBe('CONFIG_NOT_JSON');
    expect(message).toContain('server-mappings.json is not JSON');
    expect(message).toContain(reason);
  });

  test('a byte order mark is no error', async () => {
    const text = readFileSync(join(project, mappingsFile), 'utf8');
    writeFileSync(join(project, mappingsFile), `\uFEFF${text}`);
    await expect(load()).resolves.toMatchObject({ category });
  });

  test.each([mappingsFile, parameterFile, categoryFile])('%s missing', async (file) => {
    rmSync(join(project, file));
    await expectInvalid(file, 'does not exist');
  });

  test('JSON that is no object', async () => {
    writeFileSync(join(project, categoryFile), '[]');
    await expectInvalid('cell_perf_stats.json: the whole document: allowed: an object');
  });
});
