import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCodes } from '../../../engine/errors';

/** Rows `| CODE | meaning | retried or parked | what to do |` of docs/errors.md. */
const rows = readFileSync(resolve(__dirname, '../../../docs/errors.md'), 'utf8')
  .split('\n')
  .flatMap((line) => /^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.+) \|$/.exec(line)?.slice(1) ?? [])
  .reduce<string[][]>((table, cell, index) => {
    if (index % 4 === 0) table.push([]);
    table.at(-1)?.push(cell);
    return table;
  }, []);

test('docs/errors.md lists every code once, in the order of engine/errors.ts', () => {
  expect(rows.map(([code]) => code)).toEqual(Object.keys(errorCodes));
});

test.each(Object.entries(errorCodes))(
  '%s is documented as retried or not, and with what to do',
  (code, { retry }) => {
    const [, meaning, outcome, action] = rows.find(([name]) => name === code) ?? [];
    expect(outcome?.startsWith('retried')).toBe(retry);
    expect(meaning?.length).toBeGreaterThan(10);
    expect(action?.length).toBeGreaterThan(10);
  },
);
