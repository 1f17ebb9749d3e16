import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../../deploy/infra/config';

const sample = resolve(__dirname, '../../../deploy/infra/config/sample.json');
type Json = Record<string, unknown>;

/** A file with the sample and one field of it, given by its path, changed. */
function changed(path: string, value: unknown): string {
  const config = JSON.parse(readFileSync(sample, 'utf8')) as Json;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const owner = keys.reduce((object, key) => object[key] as Json, config);
  owner[last] = value;
  return written(JSON.stringify(config));
}

function written(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'infra-')), 'config.json');
  writeFileSync(file, text);
  return file;
}

test('reads the sample, and the parameters that it names without what is for editors', () => {
  const { categories, serverMappings } = loadConfig(sample);
  expect(JSON.parse(categories.cell_perf_stats?.parameter ?? '')).toMatchObject({ job_mode: 'resume' });
  expect(serverMappings).not.toContain('$schema');
});

test.each([
  ['account', 111111111111, /account/],
  ['account', '1111', /'account' has to be 12 digits, as text/],
  ['region', 'Ireland', /'region' has to be like eu-west-1/],
  ['name', 'Migration!', /'name' has to be 2 to 21/],
  ['network.vpc', 'vpc', /'network.vpc' has to be like vpc-/],
  ['network.privateSubnets', ['subnet-0123456789abcdef0'], /network.privateSubnets/],
  ['network.availabilityZones', ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'], /not as many subnets/],
  ['sources.networks', ['10.20.0.0'], /sources.networks/],
  [
    'target.clusterResourceId',
    'warehouse',
    /'target.clusterResourceId' has to be like cluster-ABCDEFGHIJ, not the name/,
  ],
  ['temporal.address', 'https://temporal', /temporal/],
  ['activityWorkers.cpu', 3000, /'activityWorkers' is no size of Fargate/],
  ['activityWorkers.memoryMiB', 4096, /is no size of Fargate/],
  ['activityWorkers.least', 9, /has more for "least"/],
  ['logRetentionDays', 31, /logRetentionDays/],
  ['alarms.email', 'nobody', /alarms.email/],
  ['network.createS3Gateway', 'no', /network.createS3Gateway/],
  ['sources.trustStore', 'drivers/own.p12', /'sources.trustStore' has to be the name of a .p12 file/],
  ['sources.caFile', '/app/own.pem', /'sources.trustStore' is missing: jobs of Glue cannot read/],
  ['typo', true, /typo/],
])('%s = %j is refused by name', (path, value, message) => {
  expect(() => loadConfig(changed(path, value))).toThrow(message);
});

test('two categories whose jobs of Glue would have one name are told so', () => {
  const { categories } = JSON.parse(readFileSync(sample, 'utf8')) as { categories: Json };
  const twice = { ...categories, other: categories.cell_perf_stats };
  expect(() => loadConfig(changed('categories', twice))).toThrow(
    /'categories.other.glue.tables' names 'cell_performance_data' again, whose job category 'cell_perf_stats' makes/,
  );
});

test('a parameter that the product would refuse is refused before it is deployed', () => {
  const parameter = written('{"job_mode":"sometimes"}');
  expect(() => loadConfig(changed('categories.cell_perf_stats.parameter', parameter))).toThrow(/job_mode/);
});

test('a parameter too long for Parameter Store is refused', () => {
  const parameter = written(JSON.stringify({ source_filter_t: `a = '${'x'.repeat(9_000)}'` }));
  expect(() => loadConfig(changed('serverMappings', parameter))).toThrow(/config.json/);
  expect(() => loadConfig(changed('categories.cell_perf_stats.parameter', parameter))).toThrow(/takes 8192/);
});

test('a file that is not there, or not JSON, is named', () => {
  expect(() => loadConfig('/nowhere.json')).toThrow(/\/nowhere.json: cannot be read as JSON/);
  expect(() => loadConfig(written('{'))).toThrow(/cannot be read as JSON/);
});
