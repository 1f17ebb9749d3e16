import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import {
  foundingDatabase,
  foundingServer,
  foundingStyles,
} from '../../../../sandbox/seed/founding-servers.js';

type Row = readonly unknown[];
const style = {
  name: 'DatabaseA',
  idPrefix: 's1A',
  rows: 2_000,
  text: 'varchar',
  time: 'datetime2',
} as const;

async function load(database: ReturnType<typeof foundingDatabase>): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const table of database.tables) await connection.run(`CREATE TABLE ${table.name} AS ${table.fill}`);
  return connection;
}

async function rows(connection: DuckDBConnection, sql: string): Promise<readonly Row[]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

describe('founding input', () => {
  it('fills both tables with the asked rows and the rows that hurt, keys unique as SQL Server compares them', async () => {
    const database = foundingDatabase(style);
    const connection = await load(database);
    for (const table of database.tables) {
      const [id = ''] = table.primaryKey;
      const [[total, distinct] = []] = await rows(
        connection,
        `SELECT count(*)::INT, count(DISTINCT (lower(rtrim(${id})), data_timestamp))::INT FROM ${table.name}`,
      );
      expect(total).toBeGreaterThan(2_000);
      expect(distinct).toBe(total);
    }
  });

  it('is the same at every start', async () => {
    const digest = (connection: DuckDBConnection) =>
      rows(
        connection,
        `SELECT md5(string_agg(c::VARCHAR, '|' ORDER BY cell_id, data_timestamp)) FROM cell_performance_data c`,
      );
    expect(await digest(await load(foundingDatabase(style)))).toEqual(
      await digest(await load(foundingDatabase(style))),
    );
  });

  it('has NULL in every nullable column, also all in one row', async () => {
    const database = foundingDatabase(style);
    const connection = await load(database);
    for (const table of database.tables) {
      const nullable = table.columns.filter((column) => column.nullable).map((column) => column.name);
      expect(nullable).toHaveLength(10);
      const [counts = []] = await rows(
        connection,
        `SELECT ${nullable.map((name) => `(count(*) - count(${name}))::INT`)} FROM ${table.name}`,
      );
      for (const count of counts) expect(count).toBeGreaterThan(1);
      const all = nullable.map((name) => `${name} IS NULL`).join(' AND ');
      expect(await rows(connection, `SELECT count(*)::INT FROM ${table.name} WHERE ${all}`)).toEqual([[1]]);
    }
  });

  it('joins some rows, and leaves some on both sides alone', async () => {
    const connection = await load(foundingDatabase(style));
    const [[both, left, right] = []] = await rows(
      connection,
      `SELECT count(*) FILTER (c.cell_id IS NOT NULL AND u.device_id IS NOT NULL)::INT,
              count(*) FILTER (u.device_id IS NULL)::INT, count(*) FILTER (c.cell_id IS NULL)::INT
       FROM cell_performance_data c FULL JOIN ue_statistics_data u
         ON c.cell_id = u.device_id AND c.data_timestamp = u.data_timestamp`,
    );
    expect(both).toBeGreaterThan(1_000);
    expect(left).toBeGreaterThan(100);
    expect(right).toBeGreaterThan(100);
  });

  it('lacks right rows on the 4th day and left rows on the 7th, and has both ends of every other day', async () => {
    const connection = await load(foundingDatabase(style));
    const days = (table: string, condition = 'true') =>
      rows(
        connection,
        `SELECT DISTINCT day(data_timestamp)::INT AS d FROM ${table} WHERE ${condition} ORDER BY d`,
      );
    expect(await days('cell_performance_data')).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10].map((day) => [day]));
    expect(await days('ue_statistics_data')).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10].map((day) => [day]));
    for (const time of ['00:00:00', '23:59:59.997']) {
      expect(await days('cell_performance_data', `data_timestamp::TIME = '${time}'`)).toHaveLength(9);
    }
  });

  it('holds the ends of every numeric range and the texts that careless copying changes', async () => {
    const connection = await load(foundingDatabase({ ...style, text: 'nvarchar' }));
    const has = async (condition: string) =>
      (await rows(connection, `SELECT count(*)::INT FROM cell_performance_data WHERE ${condition}`))[0]?.[0];
    for (const condition of [
      'bandwidth_usage_total = 99999999.999',
      'bandwidth_usage_total = -99999999.999',
      'dropped_calls_total = 2147483647',
      'dropped_calls_total = -2147483648',
      'antenna_tilt = -32768',
      "cell_location = ''",
      "cell_location = '\\N'",
      "cell_location = '\\.'",
      'contains(cell_location, chr(9))',
      'contains(cell_location, chr(13) || chr(10))',
      "contains(cell_location, '😀')",
      "cell_location LIKE '%  '",
    ]) {
      expect([condition, await has(condition)]).toEqual([condition, expect.any(Number)]);
      expect(await has(condition)).toBeGreaterThan(0);
    }
  });

  it('keeps datetime to 0, 3 and 7 milliseconds, and varchar to code page 1252', async () => {
    const connection = await load(foundingDatabase({ ...style, time: 'datetime' }));
    expect(
      await rows(
        connection,
        'SELECT DISTINCT millisecond(data_timestamp)::INT % 10 AS m FROM cell_performance_data ORDER BY m',
      ),
    ).toEqual([[0], [3], [7]]);
    const texts = await rows(
      connection,
      'SELECT cell_location, cell_id FROM cell_performance_data WHERE cell_location IS NOT NULL',
    );
    expect(texts.flat().filter((value) => /[^\n\r\t -ÿ€“”]/u.test(String(value)))).toEqual([]);
  });

  it('gives each database ids of its own, and other variants of every style', () => {
    const styles = Object.values(foundingStyles(10)).flat();
    expect(new Set(styles.map(({ idPrefix }) => idPrefix)).size).toBe(4);
    expect(new Set(styles.map(({ text, time }) => `${text} ${time}`)).size).toBe(4);
    const empty = foundingServer('server02', { rows: 10, login: { user: 'u', password: 'p' } }).databases[1];
    expect(empty?.tables.map((table) => table.fill)).toEqual([undefined, undefined]);
  });

  it('makes the variants that a plan must refuse', () => {
    const [cell] = foundingDatabase({
      ...style,
      timeIndex: false,
      maskedColumns: ['cell_location'],
      rowLevelSecurity: true,
    }).tables;
    expect(cell?.indexes).toEqual([]);
    expect(cell?.rowLevelSecurity).toBe(true);
    expect(cell?.columns[0]).toMatchObject({ name: 'cell_location', maskedWith: 'default()' });
    expect(foundingDatabase({ ...style, snapshotIsolation: false }).snapshotIsolation).toBe(false);
  });
});
