import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

const root = resolve(__dirname, '../../..');
const example = readFileSync(resolve(root, '.env.example'), 'utf8');
const documented = Object.keys(parseEnv(example));
const code = [
  'config/environment.ts',
  'config/parameter-names.ts',
  'config/source-credentials.ts',
  'config/target-environment.ts',
]
  .map((file) => readFileSync(resolve(root, file), 'utf8'))
  .join('\n');
const read = [
  ...code.matchAll(
    /\b((?:RDS|SOURCE|MIGRATION|SERVER|MSSQL|TEMPORAL|RAW|TRANSFORMED|STATS|CONFIG|SPILL)_[A-Z_]*)(?=:|'|\.| is)/g,
  ),
]
  .map(([, name]) => name ?? '')
  .filter((name) =>
    /^(RDS_|MSSQL_CA|TEMPORAL_|SOURCE_(AUTH|TENANT_ID|CLIENT_ID|SECRET)$|\w+_PARAMETER$|\w+_BUCKET$|CONFIG_DIR|SPILL_DIR|DRAIN_)/.test(
      name,
    ),
  );

test.each([...new Set(read)])('%s, which the worker reads, is in .env.example', (name) => {
  expect(documented).toContain(name);
});

test('the variables are found in the code', () => {
  expect(read.length).toBeGreaterThan(20);
});

test.each(documented)('%s has a comment above it or above its group', (name) => {
  const block = example.split(/\n\s*\n/).find((part) => new RegExp(`^${name}=`, 'm').test(part));
  expect(block).toMatch(/^#/m);
});
