import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrateCategoryInput } from '../../../workflows/migrate-category.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { refuse, restorer } from '../../support/refusals.js';

const mappings = 'config/server-mappings.json';
const parameter = 'config/migration-parameters/cell_perf_stats.json';
const categoryFile = 'config/categories/cell_perf_stats.json';
const transform = 'sql/transform/cell_perf_stats.sql';

/** Files and inputs that are wrong, on a target database in which nothing has ever run. */
describe('bad input in files and in the workflow input', () => {
  let estate: Estate;
  let restore: () => void;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: [{ name: 'DatabaseA', idPrefix: 's1A', rows: 20, text: 'varchar', time: 'datetime2' }],
      },
    });
    restore = restorer(estate, [mappings, parameter, categoryFile, transform]);
  }, 120_000);
  afterEach(() => restore?.());
  afterAll(() => estate?.stop());

  const set = (file: string, key: string, value: unknown) => () =>
    estate.configure(file, (json) => ({ ...json, [key]: value }));
  const inTarget = (change: Record<string, unknown>) => () =>
    estate.configure(categoryFile, (json) => ({
      ...json,
      targets: [{ ...(json.targets as readonly object[])[0], ...change }],
    }));
  const filter = (text: string) => set(parameter, 'source_filter_cell_performance_data', text);
  const asIs = (): void => undefined;

  it.each<[string, () => void, Partial<MigrateCategoryInput>, string, readonly string[]]>([
    [
      'an unknown category',
      asIs,
      { category: 'cell_perf_stat' },
      'CATEGORY_UNKNOWN',
      ["'cell_perf_stats'", mappings, "'categories'", '"cell_perf_stat"'],
    ],
    [
      'a list of databases for a server that is not mapped',
      set(mappings, 'databases', { server01: ['DatabaseA'], server07: ['DatabaseA'] }),
      {},
      'CONFIG_INVALID',
      [mappings, "'databases.server07'", 'not mapped', 'allowed', 'server01'],
    ],
    ...['no-port', 'host:', 'host:99999', 'host:14x', ':1433', 'tcp://host:1433'].map(
      (address): [string, () => void, object, string, readonly string[]] => [
        `the malformed address ${address}`,
        set(mappings, 'server_mappings', { server01: address }),
        {},
        'CONFIG_INVALID',
        [mappings, "'server_mappings.server01'", `"${address}"`, "allowed: 'host:port'"],
      ],
    ),
    ...['202513', '20250230'].flatMap((value): [string, () => void, object, string, readonly string[]][] => [
      [
        `input_partition ${value} in the parameter`,
        set(parameter, 'input_partition', value),
        {},
        'CONFIG_INVALID',
        [parameter, "'input_partition'", `"${value}"`, "'YYYYMM'", "'YYYYMMDD'"],
      ],
      [
        `inputPartition ${value} in the workflow input`,
        asIs,
        { inputPartition: value },
        'CONFIG_INVALID',
        ['Workflow input', "'inputPartition'", `"${value}"`, "'YYYYMM'", "'YYYYMMDD'"],
      ],
    ]),
    [
      'an unknown job_mode in the parameter',
      set(parameter, 'job_mode', 'truncate'),
      {},
      'CONFIG_INVALID',
      [parameter, "'job_mode'", '"truncate"', "'resume' or 'restart'"],
    ],
    [
      'an unknown jobMode in the workflow input',
      asIs,
      { jobMode: 'truncate' },
      'CONFIG_INVALID',
      ['Workflow input', "'jobMode'", '"truncate"', "'resume' or 'restart'"],
    ],
    [
      'a key of the workflow input that would be passed over',
      asIs,
      { job_mode: 'restart' } as Partial<MigrateCategoryInput>,
      'CONFIG_INVALID',
      ['Workflow input', "'job_mode'", 'jobMode', 'inputPartition'],
    ],
    [
      'a filter that does not parse',
      filter("data_timestamp >= '2025-01-01' AND AND cell_id = 'x'"),
      {},
      'FILTER_INVALID',
      [parameter, "'source_filter_cell_performance_data'", 'AND AND', 'position 40', 'Allowed'],
    ],
    [
      'a filter that smuggles in a statement',
      filter('1 = 1; DROP TABLE dbo.cell_performance_data'),
      {},
      'FILTER_INVALID',
      [parameter, "'source_filter_cell_performance_data'", 'position 6', 'Allowed'],
    ],
    [
      'a filter for a table that the category does not read',
      set(parameter, 'source_filter_cell_performance', "data_timestamp >= '2025-01-01'"),
      {},
      'CONFIG_INVALID',
      [
        parameter,
        "'source_filter_cell_performance'",
        "nearest allowed: 'source_filter_cell_performance_data'",
      ],
    ],
    [
      'a filter over a column that is not there',
      filter("data_timestmp >= '2025-01-01'"),
      {},
      'FILTER_INVALID',
      ['server01', 'DatabaseA', "'source_filter_cell_performance_data'", "'data_timestmp'"],
    ],
    [
      'a filter that compares with a text that is no date',
      filter("data_timestamp >= 'yesterday'"),
      {},
      'FILTER_INVALID',
      [
        'server01',
        'DatabaseA',
        "'source_filter_cell_performance_data'",
        'yesterday',
        'literal of its own type',
      ],
    ],
    [
      'a transform file that is missing',
      () => rmSync(join(estate.directory, transform)),
      {},
      'CONFIG_INVALID',
      [transform, 'does not exist', categoryFile, "'targets.0.transform'", 'allowed: an SQL file'],
    ],
    [
      'a transform that names a column that is not there',
      () =>
        estate.writeFile(
          transform,
          'SELECT c.cell_location, c.cell_size FROM cell_performance_data AS c LEFT JOIN ue_statistics_data AS u ON c.cell_id = u.device_id AND c.data_timestamp = u.data_timestamp',
        ),
      {},
      'TRANSFORM_INVALID',
      [transform, 'cell_size'],
    ],
    [
      'a transform that does not parse',
      () => estate.writeFile(transform, 'SELEC c.cell_location FROM cell_performance_data AS c'),
      {},
      'TRANSFORM_INVALID',
      [transform, 'SELEC'],
    ],
    [
      'a target column that the transform does not yield',
      () =>
        estate.configure(categoryFile, (json) => {
          const [target] = json.targets as [{ columns: readonly object[] }];
          const columns = [...target.columns, { name: 'antenna_tilt', type: 'smallint' }];
          return { ...json, targets: [{ ...target, columns }] };
        }),
      {},
      'TARGET_SHAPE',
      [transform, 'cell_perf_stats', 'antenna_tilt', 'category file'],
    ],
    [
      'a source table that the mappings do not list',
      inTarget({ sources: [{ table: 'cell_performance_data' }, { table: 'ue_statistics' }] }),
      {},
      'CONFIG_INVALID',
      [mappings, categoryFile, 'ue_statistics', 'allowed'],
    ],
    [
      'an unknown key',
      set(categoryFile, 'consistancy', 'rcsi'),
      {},
      'CONFIG_INVALID',
      [categoryFile, "'consistancy'", "nearest allowed: 'consistency'"],
    ],
    ...[mappings, parameter, categoryFile].map(
      (file): [string, () => void, object, string, readonly string[]] => [
        `${file} that is not JSON`,
        () => estate.writeFile(file, '{\n  "job_mode": "resume",\n}\n'),
        {},
        'CONFIG_NOT_JSON',
        [file, 'line 3', 'column 1', 'Allowed: strict JSON'],
      ],
    ),
    [
      'a migration parameter that is missing',
      () => rmSync(join(estate.directory, parameter)),
      {},
      'CONFIG_INVALID',
      [parameter, 'does not exist'],
    ],
  ])('refuses %s', async (_, arrange, input, type, told) => {
    arrange();
    const refusal = await refuse(estate, input);
    expect(refusal.type).toBe(type);
    for (const part of told) expect(refusal.message).toContain(part);
    expect(refusal.seconds).toBeLessThan(10);
  });
});
