import { migrationParameterName } from '../../../config/parameter-names';

test.each([
  ['/migration-parameter/{category}', '/migration-parameter/cell_perf_stats'],
  ['/migration-parameter/{category-with-dashes}', '/migration-parameter/cell-perf-stats'],
  ['/{category}/parameter:3', '/cell_perf_stats/parameter:3'],
  ['/migration-parameter/cell-perf-stats', '/migration-parameter/cell-perf-stats'],
  ['/migration-parameter/cell_perf_stats:live', '/migration-parameter/cell_perf_stats:live'],
  ['cell-perf-stats', 'cell-perf-stats'],
  [
    'arn:aws:ssm:eu-west-1:111111111111:parameter/migration-parameter/cell-perf-stats',
    'arn:aws:ssm:eu-west-1:111111111111:parameter/migration-parameter/cell-perf-stats',
  ],
])('%s is for cell_perf_stats', (given, name) => {
  expect(migrationParameterName(given, 'cell_perf_stats')).toBe(name);
});

test('a fixed name serves no other category than the one that its last part names', () => {
  expect(() => migrationParameterName('/migration-parameter/cell-perf-stats', 'device_stats')).toThrow(
    /parameter of category 'cell_perf_stats' and not of 'device_stats'.*\{category-with-dashes\}/,
  );
});
