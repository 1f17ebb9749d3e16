import { changesBetween } from '../../../config/compare';
import type { RunConfig } from '../../../config/run-config';

const config = {
  category: 'c',
  documents: { migrationParameter: { name: 'a', value: 1 } },
  jobMode: 'resume',
  logLevel: 'INFO',
  stallSeconds: 300,
  concurrency: { perServer: 4 },
  guards: {},
  databases: [{ server: 's', host: 'h', port: 1, database: 'd' }],
  targets: [
    { name: 't', columns: [{ name: 'x' }], sources: [{ table: 'a' }, { table: 'b', filter: 'x > 1' }] },
    { name: 'u', transform: { file: 'f', sql: 'SELECT 1' }, sources: [{ table: 'a' }] },
  ],
} as unknown as RunConfig;
const changed = (change: object) => changesBetween(config, { ...config, ...change } as RunConfig);

/** A copy of the targets with one change. */
function targets(change: (targets: Record<string, never>[]) => void): object {
  const copy = JSON.parse(JSON.stringify(config.targets)) as Record<string, never>[];
  change(copy);
  return { targets: copy };
}

test('what only steers is told apart from what decides, by the names that users gave', () => {
  const steered = { logLevel: 'DEBUG', stallSeconds: 5, concurrency: { perServer: 2 }, guards: { s: {} } };
  const duckdb = { memoryLimit: '1GB', threads: 2 };
  expect(
    changed({ ...steered, duckdb, jobMode: 'restart', inputPartition: '202501', databases: [] }),
  ).toEqual({
    steering: ['log_level', 'stall', 'concurrency', 'guard', 'duckdb'],
    deciding: ['job_mode', 'server_mappings or databases', 'input_partition'],
  });
});

test('where the configuration came from is no change, and nothing is none', () => {
  expect(changed({ documents: {} })).toEqual({ steering: [], deciding: [] });
  expect(changed(JSON.parse(JSON.stringify(config)))).toEqual({ steering: [], deciding: [] });
});

test('of a target the parts that differ are named, a filter by its parameter', () => {
  const filters = targets(([first]) => {
    Object.assign(first?.sources?.[1] ?? {}, { filter: 'x > 2', filterBounds: { from: '2' } });
  });
  expect(changed(filters).deciding).toEqual(['source_filter_b']);
  const parts = targets(([first, second]) => {
    Object.assign(first?.columns?.[0] ?? {}, { policy: 'replace' });
    Object.assign(second?.transform ?? {}, { sql: 'SELECT 2' });
  });
  expect(changed(parts).deciding).toEqual(['targets.0.columns.0.policy', 'targets.1.transform.sql']);
  const more = targets(
    ([first]) => void Object.assign(first ?? {}, { columns: [{ name: 'x' }, { name: 'y' }] }),
  );
  expect(changed(more).deciding).toEqual(['targets.0.columns']);
});

test('a field that nobody has thought of decides', () => {
  expect(changed({ engine: 'glue' }).deciding).toEqual(['engine']);
});
