import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TargetTyped } from '../../../engine/rows/convert/conversion.js';
import type { Column } from '../../../engine/rows/types.js';
import { checkTransform } from '../../../engine/transform/check-transform.js';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb.js';
import { columnsOf } from '../../integration/transform/fixture.js';

const cells = {
  table: 'cells',
  columns: columnsOf({ id: 'varchar(20)', seen: 'timestamp(3)', load: 'numeric(11,3)' }),
};
const file = 'sql/transform/stats.sql';

let directory: string;
let duckdb: DuckDb;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'check-'));
  duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 1, spillDirectory: directory });
});
afterAll(async () => {
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});

const check = (target: Readonly<Record<string, string>>, ...rest: Rest) =>
  checkColumns(columnsOf(target), ...rest);

type Rest = Parameters<typeof checkColumns> extends [unknown, ...infer Others] ? Others : never;

const checkColumns = (
  columns: readonly TargetTyped[],
  sql?: string,
  sources = [cells],
  by: 'date' | 'none' = 'date',
) =>
  checkTransform(
    duckdb,
    {
      name: 'stats',
      columns,
      sources: sources.map(({ table }) => ({ table, chunkColumn: 'seen' })),
      chunk: { by },
      ...(sql ? { transform: { file, sql } } : {}),
    },
    sources,
    new AbortController().signal,
  );

describe('checkTransform', () => {
  it('accepts equal and wider columns, in any order, and expressions with a type', async () => {
    await check(
      {
        seen: 'timestamp(6)',
        id: 'text',
        load: 'numeric(20,4)',
        twice: 'numeric(20,3)',
        up: 'varchar(5)',
        s: 'timestamp(0)',
      },
      'SELECT id, load, seen, CAST(load * 2 AS DECIMAL(20,3)) AS twice, upper(id) AS up, CAST(seen AS TIMESTAMP_S) AS s FROM cells',
    );
  });

  it('accepts a plain copy of some columns', async () => {
    await check({ id: 'varchar(20)', load: 'numeric(11,3)' });
  });

  it('refuses a plain copy of a column that is not there, naming it', async () => {
    const checking = check({ id: 'varchar(20)', lode: 'numeric(11,3)' });
    await expect(checking).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(checking).rejects.toThrow('lode');
  });

  it('refuses a target of several tables without a transform', async () => {
    const checking = check({ id: 'text' }, undefined, [cells, { ...cells, table: 'other' }]);
    await expect(checking).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
  });

  it('names the file where an expression does not bind', async () => {
    const checking = check({ id: 'integer' }, 'SELECT no_such_function(id) AS id FROM cells');
    await expect(checking).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(checking).rejects.toThrow(/^sql\/transform\/stats\.sql: .*no_such_function/);
  });

  it('lists every difference from the target at once', async () => {
    const checking = check(
      {
        id: 'varchar(10)',
        seen: 'timestamp(0)',
        load: 'numeric(10,3)',
        missing: 'text',
        ratio: 'numeric(5,2)',
      },
      'SELECT id, seen, load, load AS extra, load / 3 AS ratio FROM cells',
    );
    await expect(checking).rejects.toMatchObject({ code: 'TARGET_SHAPE' });
    for (const difference of [
      file,
      'column id is varchar(20) and does not fit into varchar(10)',
      'column seen is timestamp(3) and does not fit into timestamp(0)',
      'column load is numeric(11,3) and does not fit into numeric(10,3)',
      "the target's column missing is missing",
      'column extra is not in the target',
      'column ratio has type DOUBLE, CAST it to numeric(5,2)',
    ]) {
      await expect(checking).rejects.toThrow(difference);
    }
  });

  it('lets a text into a shorter column that has a policy for it', async () => {
    const sql = 'SELECT id FROM cells';
    const [id] = columnsOf({ id: 'varchar(10)' });
    for (const policy of ['truncate', 'fail'] as const)
      await checkColumns([{ ...(id as Column), policy }], sql);
    await expect(checkColumns([{ ...(id as Column), policy: 'round' }], sql)).rejects.toMatchObject({
      code: 'TARGET_SHAPE',
    });
    await expect(checkColumns([id as Column], sql)).rejects.toThrow(
      'column id is varchar(20) and does not fit',
    );
  });

  it('refuses an output that comes twice', async () => {
    await expect(check({ id: 'text' }, 'SELECT id, upper(id) AS ID FROM cells')).rejects.toThrow(
      'comes 2 times',
    );
  });
});

describe('joins and windows', () => {
  const usage = { table: 'usage', columns: columnsOf({ device: 'varchar(20)', seen: 'timestamp(3)' }) };
  const joining = (on: string, by?: 'date' | 'none') =>
    check({ id: 'text' }, `SELECT c.id FROM cells c ${on}`, [cells, usage], by);

  it.each([
    'LEFT JOIN usage u ON c.id = u.device AND c.seen = u.seen',
    'JOIN usage u ON u.SEEN = c.Seen',
    'LEFT JOIN usage u ON c.seen = u.seen LEFT JOIN usage v ON v.device = c.id AND v.seen = u.seen',
  ])('accepts %s: all tables of a match lie in one window', async (on) => {
    await joining(on);
  });

  it.each([
    ['u', 'LEFT JOIN usage u ON c.id = u.device'],
    ['u', 'JOIN usage u ON c.id = u.device'],
    ['v', 'LEFT JOIN usage u ON c.seen = u.seen LEFT JOIN usage v ON v.device = u.device'],
  ])('refuses a join of %s whose match may lie in another window: %s', async (alias, on) => {
    const checking = joining(on);
    await expect(checking).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(checking).rejects.toThrow(`${file}: the join of ${alias} is not aligned with the windows`);
    await expect(checking).rejects.toThrow(`add "AND c.seen = ${alias}.seen"`);
  });

  it.each([
    "SELECT 'x' AS id FROM cells",
    "SELECT coalesce(c.id, 'none') AS id FROM cells c LEFT JOIN usage u ON c.id = u.device AND c.seen = u.seen",
    'SELECT u.device AS id FROM cells c JOIN usage u ON c.seen = u.seen',
  ])('accepts %s, which makes no row where its first table has none', async (sql) => {
    await check({ id: 'text' }, sql, sql.includes('usage') ? [cells, usage] : [cells]);
    const session = await duckdb.openSession(new AbortController().signal);
    await session.run('CREATE TEMP TABLE cells (id VARCHAR, seen TIMESTAMP)');
    await session.run("CREATE TEMP TABLE usage AS SELECT 'x' AS device, TIMESTAMP '2025-01-01' AS seen");
    expect(await session.rows(sql)).toEqual([]);
    session.close();
  });

  it('accepts any equal columns where a chunk is a whole database', async () => {
    await joining('LEFT JOIN usage u ON c.id = u.device', 'none');
  });
});
