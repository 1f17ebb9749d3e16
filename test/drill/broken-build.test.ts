import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { strikeAll } from './lanes.js';
import { points } from './points.js';

const project = resolve(__dirname, '../..');
const copied = ['activities', 'config', 'engine', 'sql', 'test', 'workers', 'workflows'];
const files = ['package.json', 'tsconfig.json'];

/** A drill that no build can fail proves nothing. */
describe('a build that writes the ledger row outside of the transaction of its rows', () => {
  let broken: string;
  beforeAll(() => {
    broken = mkdtempSync(join(tmpdir(), 'broken-build-'));
    for (const name of [...copied, ...files])
      cpSync(join(project, name), join(broken, name), { recursive: true });
    symlinkSync(join(project, 'node_modules'), join(broken, 'node_modules'));
    change(
      join(broken, 'engine/postgres/import-chunk.ts'),
      'writeLedgerRow(client,',
      'writeLedgerRow(input.target,',
    );
  });
  afterAll(() => rmSync(broken, { recursive: true, force: true }));

  it.each(['killed before the commit of the rows'])(
    'is caught by the point "%s": rows are missing',
    async (name) => {
      const chosen = points.filter((point) => point.name === name);
      const [outcome] = await strikeAll(chosen, { seed: 1, lanes: 1, sources: broken });
      expect(outcome).toMatchObject({ name, result: 'fail' });
      expect(outcome?.notes.join()).toMatch(/When the worker died: .*the stage has 0: rows are missing/);
    },
    180_000,
  );
});

function change(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not have '${from}' once.`);
  writeFileSync(file, text.replace(from, to));
}
