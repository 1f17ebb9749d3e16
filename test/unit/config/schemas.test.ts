import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Ajv from 'ajv';
import { publishedSchemas } from '../../../config/published-schemas';

const config = resolve(__dirname, '../../../config');
const samples = [
  'server-mappings.json',
  'migration-parameters/cell_perf_stats.json',
  'categories/cell_perf_stats.json',
];
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

test.each(Object.entries(publishedSchemas()))('%s is current (else run: npm run schemas)', (name, text) => {
  expect(readFileSync(resolve(config, 'schemas', name), 'utf8')).toBe(text);
});

test.each(samples)('%s names its schema, follows it, and breaks it by an unknown key', (sample) => {
  const file = resolve(config, sample);
  const value = read(file);
  const validate = new Ajv({ strict: true }).compile(read(resolve(dirname(file), String(value.$schema))));
  expect(validate(value)).toBe(true);
  expect(validate({ ...value, unknown_key: 1 })).toBe(false);
});

test.each([{ source_filter_any_table: 'a = 1' }, { input_partition: '202502' }])(
  'an editor accepts %j in a migration parameter',
  (value) => {
    const schema = read(resolve(config, 'schemas/migration-parameter.schema.json'));
    expect(new Ajv().compile(schema)(value)).toBe(true);
  },
);

test.each([
  { source_filter_: 'a = 1' },
  { source_filter_t: 1 },
  { input_partition: '202513' },
  { job_mode: 'replace' },
])('an editor marks %j in a migration parameter', (value) => {
  const schema = read(resolve(config, 'schemas/migration-parameter.schema.json'));
  expect(new Ajv().compile(schema)(value)).toBe(false);
});
