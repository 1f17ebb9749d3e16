import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes } from '../../../cli/exit-codes';
import { migrate } from '../../support/cli';

test('docs/cli.md has the exit codes as they are', () => {
  const text = readFileSync(resolve(__dirname, '../../../docs/cli.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [
    Number(code),
    meaning,
  ]);
  expect(rows).toEqual(Object.values(exitCodes).map(({ code, meaning }) => [code, meaning]));
});

test('no two ends share an exit code', () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});

test('the help lists them', async () => {
  const { code, out } = await migrate(['--help']);
  expect(code).toBe(0);
  for (const { meaning } of Object.values(exitCodes)) expect(out).toContain(meaning);
});
