import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bySubject, countKeyWindows, keyIdentity, marksOf } from '../../../activities/count-keys';
import { windowPredicate } from '../../../activities/window-predicate';
import { divideKeys, keyOf } from '../../../engine/plan/key-windows';
import type { Window } from '../../../engine/plan/windows';
import type { CheckedTable } from '../../../engine/postgres/control/checked-tables';
import { describeTable } from '../../../engine/sqlserver/catalog';
import { openSession, type SourceSession } from '../../../engine/sqlserver/connection';
import { whereClause } from '../../../engine/sqlserver/predicate';
import { countAll } from '../../../engine/sqlserver/windows';
import { ensureCertificates } from '../../../sandbox/services/certificates';
import type { TableDefinition } from '../../../sandbox/sqlserver/engine/definition';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { SqlType } from '../../../sandbox/sqlserver/engine/types';
import { startTdsServer } from '../../../sandbox/sqlserver/server';
import { targetTable } from '../../support/target-fixtures';

jest.setTimeout(60_000);

const insensitive = 'Latin1_General_CI_AS';
const text = (name: 'char' | 'varchar' | 'nvarchar', length: number, collation = insensitive): SqlType => ({
  name,
  length,
  collation,
});

/**
 * Keys of the two sides as DuckDB expressions over a row's number `i` from 0 to 199: some keys have a row, one has 40
 * on the left, some only one side has; every 50th row has none.
 */
const shapes: Readonly<
  Record<string, { readonly types: readonly [SqlType, SqlType]; readonly key: string }>
> = {
  integers: { types: [{ name: 'smallint' }, { name: 'bigint' }], key: 'n * 300 - 30000' },
  decimals: {
    types: [
      { name: 'decimal', precision: 38, scale: 10 },
      { name: 'decimal', precision: 38, scale: 10 },
    ],
    key: "CAST((n - 70) || '.0123456789' AS DECIMAL(38,10)) * 100000000",
  },
  // Equal under the collation, whatever their case and trailing blanks.
  varchar: {
    types: [text('varchar', 20), text('char', 12)],
    key: "if(i % 2 = 0, 'ÄX', 'äx') || chr(CAST(97 + n % 26 AS INTEGER)) || n // 26 || repeat(' ', i % 3)",
  },
  utf8: {
    types: [
      text('varchar', 40, 'Latin1_General_100_CI_AS_SC_UTF8'),
      text('varchar', 20, 'Latin1_General_100_CI_AS_SC_UTF8'),
    ],
    key: "'č😀' || chr(CAST(97 + n % 26 AS INTEGER)) || n // 26",
  },
  nvarchar: {
    types: [text('nvarchar', 20), text('nvarchar', 9)],
    key: `'"\\\\😀' || chr(CAST(if(i % 2 = 0, 65, 97) + n % 26 AS INTEGER)) || n // 26`,
  },
  dates: { types: [{ name: 'date' }, { name: 'date' }], key: "DATE '1969-12-01' + CAST(n AS INTEGER)" },
  datetimes: {
    types: [{ name: 'datetime' }, { name: 'datetime' }],
    key: "TIMESTAMP '1999-12-31 23:59:59.990' + INTERVAL 10 MILLISECOND * n",
  },
  minutes: {
    types: [{ name: 'smalldatetime' }, { name: 'smalldatetime' }],
    key: "TIMESTAMP '2025-01-01 00:00:00' + INTERVAL 1 MINUTE * n",
  },
  instants: {
    types: [
      { name: 'datetime2', scale: 6 },
      { name: 'datetime2', scale: 6 },
    ],
    key: "TIMESTAMP '0001-01-01 00:00:00.000001' + INTERVAL 1 MICROSECOND * n",
  },
};

const day = "TIMESTAMP '2025-01-01 12:00:00' + INTERVAL 1 DAY * (i % 4)";
const number = { left: 'if(range BETWEEN 60 AND 99, 60, range)', right: 'range + 20' };

function tableOf(name: string, side: 'left' | 'right'): TableDefinition {
  const { types, key = '' } = shapes[name] ?? { types: [] };
  const type = types[side === 'left' ? 0 : 1] ?? { name: 'int' };
  return {
    schema: 'dbo',
    name: `${name}_${side}`,
    primaryKey: ['i'],
    columns: [
      { name: 'i', type: { name: 'int' }, nullable: false },
      { name: 'a key]', type, nullable: true },
      { name: 'at', type: { name: 'datetime2', scale: 3 }, nullable: true },
    ],
    fill: `SELECT i, if(i % 50 = 0, NULL, ${key}), if(i = 7, NULL, ${day})
      FROM (SELECT CAST(range AS INTEGER) AS i, ${number[side]} AS n FROM range(200))`,
  };
}

describe('windows by key', () => {
  let session: SourceSession;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const certificates = await ensureCertificates(mkdtempSync(join(tmpdir(), 'tls-')));
    const read = (file: string) => readFileSync(file, 'utf8');
    const login = { user: 'reader', password: 'Correct-Horse-1' };
    const tables = Object.keys(shapes).flatMap((name) => [tableOf(name, 'left'), tableOf(name, 'right')]);
    const engine = await createEngine({
      name: 'server01',
      logins: [login],
      databases: [{ name: 'One', snapshotIsolation: true, readCommittedSnapshot: false, tables }],
    });
    const server = await startTdsServer({
      engine,
      host: '127.0.0.1',
      port: 0,
      tls: { key: read(certificates.keyFile), cert: read(certificates.certFile) },
      serverName: 'server01',
    });
    session = await openSession({
      alias: 'server01',
      host: 'localhost',
      port: server.port,
      database: 'One',
      ...login,
      ca: read(certificates.caFile),
      applicationName: 'migrate/test',
    });
    stop = async () => {
      await session.close();
      await server.close();
      await engine.close();
    };
  });
  afterAll(() => stop?.());

  const step = { advance: () => undefined };
  const checked = async (name: string, filter?: string): Promise<readonly CheckedTable[]> =>
    Promise.all(
      ['left', 'right'].map(async (side) => {
        const { schema, table, columns } = await describeTable(session, 'dbo', `${name}_${side}`);
        const chosen = {
          chunkColumn: 'a key]',
          partitionColumn: 'at',
          ...(filter !== undefined && { filter }),
        };
        return {
          schema,
          table,
          columns,
          serverHash: true,
          source: { schema, table, filterBounds: {}, ...chosen },
        };
      }),
    );
  const planOf = async (name: string, rows: number, kept: readonly Window[] = [], partition?: string) => {
    const tables = await checked(name, 'i <> 3');
    const grid = keyOf(keyIdentity(tables), partition);
    const target = targetTable('t', {
      chunk: { by: 'key', grain: 'day', rows, allowScans: false, onePass: false, scanRows: 1_000 },
    });
    const planned = await countKeyWindows(
      { reader: session, tables, grid, kept, step, ...(partition !== undefined && { partition }) },
      target,
    );
    return { tables, ...planned };
  };
  /** The numbers of the rows that each window takes, asked of the server window by window. */
  const taken = async ({ source, columns }: CheckedTable, windows: readonly Window[]) => {
    const rows = new Map<string, readonly number[]>();
    for (const window of windows) {
      const { sql, params } = whereClause(windowPredicate(source, columns, window));
      const found = await session.query<{ i: number }>(
        `SELECT [i] FROM [dbo].[${source.table}]${sql}`,
        params,
      );
      rows.set(
        window.label,
        found.map(({ i }) => i),
      );
    }
    return rows;
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

  it.each(Object.keys(shapes))('take every row of %s once, and no more than they should', async (name) => {
    const { tables, windows, rows, total } = await planOf(name, 25);
    expect(total).toBe(398);
    expect(windows.length).toBeGreaterThan(14);
    expect(windows.map(({ label }) => label)).toEqual([
      ...numbers(windows.length - 1).map((n) => `k${String(n + 1).padStart(5, '0')}`),
      'null',
    ]);
    const keys = new Map<number, string>();
    for (const table of tables) {
      const found = await taken(table, windows);
      const all = [...found.values()].flat().sort((a, b) => a - b);
      expect(all).toEqual(numbers(200).filter((i) => i !== 3));
      for (const [label, own] of found) {
        expect(rows.get(label)?.[`dbo.${table.table}`]).toBe(own.length);
        // A key, by its number, lies in one window, on both sides.
        for (const i of own.filter((candidate) => candidate % 50 !== 0)) {
          const key = table.table.endsWith('left') ? (i >= 60 && i <= 99 ? 60 : i) : i + 20;
          expect(keys.get(key) ?? label).toBe(label);
          keys.set(key, label);
        }
      }
    }
    const large = windows.filter(
      ({ label, isNull }) => !isNull && Object.values(rows.get(label) ?? {}).reduce((a, b) => a + b, 0) > 25,
    );
    expect(large.map(({ label }) => label)).toEqual([keys.get(60)]);
    expect(rows.get(keys.get(60) ?? '')).toEqual(bySubject(tables, [40, 1]));
  });

  it('keep an earlier grid, cut again only what has outgrown it, and keep its name', async () => {
    const { windows } = await planOf('varchar', 100);
    const ranges = windows.filter(({ isNull }) => !isNull);
    await expect(planOf('varchar', 60, ranges)).resolves.toMatchObject({ windows });
    const again = await planOf('varchar', 25, ranges);
    expect(again.windows.length).toBeGreaterThan(windows.length + 4);
    for (const { label, from } of ranges)
      expect(again.windows.find((window) => window.label === label)?.from).toBe(from);
    expect(new Set(again.windows.map(({ label }) => label)).size).toBe(again.windows.length);
    for (const table of again.tables)
      expect([...(await taken(table, again.windows)).values()].flat().sort((a, b) => a - b)).toHaveLength(
        199,
      );
  });

  it('take only the rows of the partition, and say what it leaves out', async () => {
    const { tables, windows, total, leftOut } = await planOf('integers', 25, [], '20250102');
    expect(windows.map(({ label }) => label).slice(0, 2)).toEqual(['20250102-k00001', '20250102-k00002']);
    expect(total).toBe(100);
    expect(leftOut).toBe(298);
    for (const table of tables) {
      const all = [...(await taken(table, windows)).values()].flat().sort((a, b) => a - b);
      expect(all).toEqual(numbers(200).filter((i) => i % 4 === 1));
    }
  });

  it('have one open window where a table is empty, without the rows that have no key', async () => {
    const tables = await checked('dates', 'i % 50 = 0');
    const target = targetTable('t', {
      chunk: { by: 'key', grain: 'day', rows: 25, allowScans: false, onePass: false, scanRows: 1_000 },
    });
    const grid = keyOf(keyIdentity(tables), undefined);
    const { windows, rows } = await countKeyWindows(
      { reader: session, tables, grid, kept: [], step },
      target,
    );
    expect(windows).toEqual([
      { label: 'k00001', key: grid },
      { label: 'null', isNull: true, key: grid },
    ]);
    expect([...rows.values()]).toEqual([bySubject(tables, [0, 0]), bySubject(tables, [4, 4])]);
  });

  it('are split into parts of about as many rows, without a gap', async () => {
    const { tables, windows } = await planOf('nvarchar', 100);
    const whole = windows[1] as Window;
    const marks = await marksOf(session, tables, whole, 5);
    const parts = divideKeys('t/s/d/k00002', marks, 4, whole);
    expect(parts[0]?.from).toBe(whole.from);
    expect(parts.at(-1)?.to).toBe(whole.to);
    for (const [index, table] of tables.entries()) {
      const counts = await Promise.all(
        parts.map(({ rows: _, ...range }) =>
          countAll(
            session,
            table.source,
            windowPredicate(table.source, table.columns, { ...whole, ...range }),
          ),
        ),
      );
      expect(counts).toEqual(parts.map(({ rows }) => rows[index]));
    }
  });

  it('never put a key into an error or a statement', async () => {
    const { tables, windows } = await planOf('nvarchar', 25);
    const { sql } = whereClause(
      windowPredicate(tables[0]?.source ?? {}, tables[0]?.columns ?? [], windows[1] as Window),
    );
    expect(sql).toBe(' WHERE [a key]]] >= @from AND [a key]]] < @to AND (\ni <> 3\n)');
  });
});
