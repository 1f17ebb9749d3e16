import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

const root = resolve(__dirname, '../../..');
const example = readFileSync(resolve(root, '.env.example'), 'utf8');
const documented = Object.keys(parseEnv(example));
const code = ['config/environment.ts', 'config/source-credentials.ts']
  .map((file) => readFileSync(resolve(root, file), 'utf8'))
  .join('\n');
/** Refused by the code, so nobody should set them. */
const notYet = ['MIGRATION_PARAMETER', 'SERVER_MAPPINGS_PARAMETER'];
const read = [
  ...code.matchAll(
    /\b((?:RDS|SOURCE_SECRET|MSSQL|TEMPORAL|RAW|TRANSFORMED|STATS|CONFIG|SPILL)[A-Z_]*)(?=:|'|\.| is)/g,
  ),
]
  .map(([, name]) => name ?? '')
  .filter((name) =>
    /^(RDS_|MSSQL_CA|TEMPORAL_|SOURCE_SECRET(_FILE)?$|\w+_BUCKET$|CONFIG_DIR|SPILL_DIR|DRAIN_)/.test(name),
  );

test.each([...new Set(read)])('%s, which the worker reads, is in .env.example', (name) => {
  expect(documented).toContain(name);
});

test('what is refused is not offered', () => {
  expect(read.length).toBeGreaterThan(10);
  for (const name of notYet) expect(documented).not.toContain(name);
});

test.each(documented)('%s has a comment above it or above its group', (name) => {
  const block = example.split(/\n\s*\n/).find((part) => new RegExp(`^${name}=`, 'm').test(part));
  expect(block).toMatch(/^#/m);
});
