import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb.js';
import { fromClause, onCondition, transformSql } from '../../../engine/transform/join-sql.js';
import { readLineage } from '../../../engine/transform/lineage.js';
import { columnsOf } from '../../integration/transform/fixture.js';

const known = [
  {
    table: 'cells',
    columns: columnsOf({ cell_id: 'varchar(20)', seen: 'timestamp(3)', load: 'numeric(11,3)' }),
  },
  { table: 'usage', columns: columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(3)', used: 'bigint' }) },
];
const file = 'sql/transform/cell_stats.sql';

let directory: string;
let duckdb: DuckDb;
let session: DuckDbSession;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lineage-'));
  duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 1, spillDirectory: directory });
  session = await duckdb.openSession(new AbortController().signal);
});
afterAll(async () => {
  session.close();
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});
const read = (sql: string, tables = known) => readLineage(session, { file, sql }, tables);

const joined =
  'SELECT c.cell_id, c.seen AS at, u.used, upper(u.device_id) AS device FROM cells c -- a comment\n' +
  'LEFT JOIN usage AS u ON c.cell_id = u.device_id AND u.seen = c.seen AND u.used > 9007199254740993;';

describe('lineage of a transform', () => {
  it('tells the left table, the joins with their keys, and where each output comes from', async () => {
    expect(await read(joined)).toMatchObject({
      left: { table: 'cells', alias: 'c' },
      joins: [
        {
          table: 'usage',
          alias: 'u',
          type: 'LEFT',
          keys: [
            { left: { alias: 'c', column: 'cell_id' }, right: 'device_id', text: true },
            { left: { alias: 'c', column: 'seen' }, right: 'seen', text: false },
          ],
        },
      ],
      outputs: [
        { name: 'cell_id', from: { alias: 'c', column: 'cell_id' } },
        { name: 'at', from: { alias: 'c', column: 'seen' } },
        { name: 'used', from: { alias: 'u', column: 'used' } },
        { name: 'device' },
      ],
    });
  });

  it('finds columns without a table name, in any case', async () => {
    const { outputs, left } = await read('SELECT CELL_ID, Load FROM Cells', known.slice(0, 1));
    expect(left).toEqual({ table: 'cells', alias: 'Cells' });
    expect(outputs.map(({ from }) => from?.column)).toEqual(['cell_id', 'load']);
  });

  it('folds text keys only, on both sides, and loses no digit of a constant', async () => {
    const lineage = await read(joined);
    const condition = await onCondition(session, lineage, 0, true);
    expect(condition).toContain('lower(rtrim(c.cell_id)) = lower(rtrim(u.device_id))');
    expect(condition).toContain('(u.seen = c.seen)');
    expect(condition).toContain('9007199254740993');
    expect(await transformSql(session, lineage, false)).not.toContain('lower');
  });

  it('gives the join with and without its WHERE, and as an inner one', async () => {
    const lineage = await read(
      'SELECT c.cell_id FROM cells c LEFT JOIN usage u ON c.cell_id = u.device_id WHERE c.load > 1',
    );
    expect(await fromClause(session, lineage, { folded: false })).not.toContain('WHERE');
    expect(await fromClause(session, lineage, { folded: false, where: true })).toContain('WHERE');
    expect(await fromClause(session, lineage, { folded: false, inner: 0 })).toContain('INNER JOIN');
    expect(await fromClause(session, lineage, { folded: false, joins: 0 })).toBe('FROM cells AS c');
  });
});

describe('a transform that is not supported', () => {
  const from = 'FROM cells c LEFT JOIN usage u ON c.cell_id = u.device_id';
  it.each([
    ['WITH', `WITH x AS (SELECT 1 AS a) SELECT c.cell_id ${from}`],
    ['SET_OPERATION', 'SELECT cell_id FROM cells UNION ALL SELECT device_id FROM usage'],
    ['a subquery', `SELECT (SELECT 1) AS a ${from}`],
    ['SUBQUERY in FROM', 'SELECT a FROM (SELECT cell_id AS a FROM cells) x'],
    ['count_star', `SELECT count(*) AS n ${from}`],
    ['sum', `SELECT sum(u.used) AS n ${from}`],
    ['random', `SELECT random() AS n ${from}`],
    ['a window', `SELECT row_number() OVER () AS n ${from}`],
    ['GROUP BY', `SELECT c.cell_id ${from} GROUP BY c.cell_id`],
    ['DISTINCT', `SELECT DISTINCT c.cell_id ${from}`],
    ['ORDER', `SELECT c.cell_id ${from} ORDER BY 1`],
    ['LIMIT', `SELECT c.cell_id ${from} LIMIT 3`],
    ['*', `SELECT * ${from}`],
    ['USING', 'SELECT c.cell_id FROM cells c JOIN usage u USING (seen)'],
    ['NATURAL', 'SELECT c.cell_id FROM cells c NATURAL JOIN usage u'],
    ['CROSS', 'SELECT c.cell_id FROM cells c, usage u'],
    ['FULL', 'SELECT c.cell_id FROM cells c FULL JOIN usage u ON c.cell_id = u.device_id'],
    ['RIGHT', 'SELECT c.cell_id FROM cells c RIGHT JOIN usage u ON c.cell_id = u.device_id'],
    ['without equal columns', 'SELECT c.cell_id FROM cells c JOIN usage u ON c.load > u.used'],
    ['TABLE_FUNCTION', "SELECT a FROM read_csv('/etc/passwd')"],
  ])('is refused for %s, with the file and what is supported', async (what, sql) => {
    const reading = read(sql);
    await expect(reading).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(reading).rejects.toThrow(`${file}: `);
    await expect(reading).rejects.toThrow(what);
    await expect(reading).rejects.toThrow('Supported now:');
  });

  it.each([
    ['one SELECT', 'SELECT cell_id FROM cells; SELECT 1'],
    ['one SELECT', 'DELETE FROM cells'],
    ['syntax error', 'SELECT FROM WHERE'],
    ['one SELECT', '  -- nothing\n'],
    ['table cell is none of this target', 'SELECT c.cell_id FROM cell c'],
    ['column c.nope is not in cells (cell_id, seen, load)', `SELECT c.nope ${from}`],
    ['column x.cell_id belongs to no table', `SELECT x.cell_id ${from}`],
    ['column seen is in several tables', `SELECT seen ${from}`],
    ['an expression has no name', `SELECT lower(c.cell_id) ${from}`],
    ['source table usage is exported', 'SELECT cell_id FROM cells'],
    ['two tables are called c', 'SELECT c.load FROM cells c JOIN usage c ON c.seen = c.seen'],
    ['name the source table cells alone', 'SELECT cell_id FROM dbo.cells'],
  ])('is refused: %s', async (what, sql) => {
    const reading = read(sql);
    await expect(reading).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(reading).rejects.toThrow(`${file}: `);
    await expect(reading).rejects.toThrow(what);
  });
});
