import { readFileSync } from 'node:fs';
import type sql from 'mssql';
import type { Policy } from '../../../engine/rows/fits.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { type Crossing, crossing, kept, spelled } from './crossing.js';
import { fill, paths, rowsInParallel, writeCategory } from './crossing-tables.js';
import { serverOf } from './small-category.js';
import { chunks } from './steered-run.js';

jest.setTimeout(60_000);

describe('half of a surrogate pair, on both paths into PostgreSQL', () => {
  let estate: Estate;
  let source: sql.ConnectionPool;

  beforeAll(async () => {
    estate = await startEstate({ servers: { server01: serverOf('server01', []) } });
    source = await estate.source('server01', 'One');
  }, 120_000);
  afterAll(() => estate?.stop());

  /** A table of its own, whose second row has the half, and a category that copies it. */
  async function copied(name: string, into: string, policy: Policy | undefined): Promise<Crossing> {
    const column = crossing('nvarchar(20)', into, policy, kept('whole'), spelled(kept('x\ud800y')));
    await fill(source, name, [column], rowsInParallel);
    await writeCategory(estate, source, name, { [name]: [column] });
    return column;
  }

  async function shown(name: string, path: string, column: Crossing): Promise<readonly (string | null)[]> {
    const { rows } = await estate.postgres.query<{ v: string | null }>(
      `SELECT "${column.name}"::text AS v FROM mart.${name}_${path} ORDER BY id`,
    );
    return rows.map(({ v }) => v);
  }

  /** Who said what the source holds of each chunk. */
  async function methods(category: string): Promise<readonly string[]> {
    const { rows } = await estate.postgres.query<{ method: string }>(
      `SELECT k.method FROM migration_control.checksum k JOIN migration_control.chunk c USING (chunk_id, run_id)
        WHERE c.category = $1 AND k.hop = 'source'`,
      [category],
    );
    return rows.map(({ method }) => method);
  }

  const policiesOf = ({ report }: { readonly report: string }): readonly object[] =>
    JSON.parse(readFileSync(new URL(report), 'utf8')).policies;

  it('parks its chunk where no policy was chosen, and column and row are named', async () => {
    const { name } = await copied('refused', 'text', undefined);
    expect(await estate.fail({ category: 'refused' })).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    const parked = await chunks(estate, 'refused');
    expect(parked.map(({ code }) => code)).toEqual(paths.map(() => 'VALUE_UNREPRESENTABLE'));
    for (const { message } of parked)
      expect(message).toContain(`Column ${name}, row 2: half of a surrogate pair stands alone`);
  });

  it('arrives as U+FFFD by policy "replace", is counted, and the reader vouches for the source', async () => {
    const column = await copied('replaced', 'text', 'replace');
    const summary = await estate.run({ category: 'replaced' });
    expect(policiesOf(summary)).toEqual(
      paths.map((path) => ({
        target: `replaced_${path}`,
        column: column.name,
        policy: 'replace',
        values: 1,
      })),
    );
    for (const path of paths)
      expect(await shown('replaced', path, column)).toEqual(['whole', 'x\ufffdy', null]);
    expect(await methods('replaced')).toEqual(['reader', 'reader']);
  });

  it('arrives as its two bytes by policy "bytes", and the server vouches for them', async () => {
    const column = await copied('encoded', 'bytea', 'bytes');
    expect(policiesOf(await estate.run({ category: 'encoded' }))).toEqual([]);
    for (const path of paths)
      expect(await shown('encoded', path, column)).toEqual([
        '\\x770068006f006c006500',
        '\\x780000d87900',
        null,
      ]);
    expect(await methods('encoded')).toEqual(['server', 'server']);
  });

  it('parks the next run where that policy is taken away: what it brought counts for nothing then', async () => {
    estate.configure('config/categories/encoded.json', (json) => {
      for (const { columns } of json.targets as readonly { columns: { policy?: string }[] }[])
        for (const column of columns) delete column.policy;
      return json;
    });
    expect(await estate.fail({ category: 'encoded' })).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    const parked = await chunks(estate, 'encoded');
    expect(parked.map(({ code }) => code)).toEqual(paths.map(() => 'VALUE_UNREPRESENTABLE'));
  });
});
