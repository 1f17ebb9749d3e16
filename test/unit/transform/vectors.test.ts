import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, VARCHAR } from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import fc from 'fast-check';
import { batchOf, rowsOf } from '../../../engine/rows/cells.js';
import {
  batchRows,
  type ColumnBatch,
  type ColumnVector,
  clearBatch,
  createBatch,
} from '../../../engine/rows/column-batch.js';
import { PackedRows } from '../../../engine/rows/packed-rows.js';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';
import { columnDefinitions } from '../../../engine/transform/sql-text.js';
import { readVector } from '../../../engine/transform/vector-read.js';
import { writeVector } from '../../../engine/transform/vector-write.js';
import { anyRows } from '../../support/arbitrary-rows.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const text: LogicalType = { kind: 'text' };
const bytes: LogicalType = { kind: 'bytes' };
const column = (name: string, type: LogicalType): Column => ({ name, type, nullable: true });

/** Table `t` anew, with rows `from .. from + count` of the batch. */
async function fill(columns: readonly Column[], batch: ColumnBatch, from = 0, count = batch.rows - from) {
  await connection.run(`CREATE OR REPLACE TABLE t (${columnDefinitions(columns)})`);
  if (count === 0) return;
  const packed = new PackedRows(columns);
  packed.append(batch, { from, count, ordinal: 100 });
  const appender = await connection.createAppender('t');
  const chunk = DuckDBDataChunk.create(columns.map((_, index) => appender.columnType(index)));
  for (const [index, vector] of (packed.blocks[0] as ColumnBatch).columns.entries()) {
    const target = bindings.data_chunk_get_vector(chunk.chunk, index);
    writeVector(target, vector, count);
  }
  chunk.rowCount = count;
  appender.appendDataChunk(chunk);
  appender.closeSync();
}

/** All rows of a query, through one batch that is used again and again. */
async function read(columns: readonly Column[], query = 'SELECT * FROM t'): Promise<Cell[][]> {
  const result = await connection.stream(query);
  const batch = createBatch(columns);
  const rows: Cell[][] = [];
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    clearBatch(batch);
    batch.rows = chunk.rowCount;
    for (const [index, vector] of batch.columns.entries()) {
      readVector(bindings.data_chunk_get_vector(chunk.chunk, index), vector, batch.rows);
    }
    rows.push(...rowsOf(columns, batch));
  }
  return rows;
}

async function values(query: string): Promise<readonly unknown[]> {
  return (await connection.runAndReadAll(query)).getRows().flat();
}

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 30 }),
  fc.uint8Array({ minLength: 11, maxLength: 14 }),
  fc.uint8Array({ minLength: 3_000, maxLength: 9_000, size: 'max' }),
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'binary-ascii', minLength: 11, maxLength: 14 }),
  fc.constantFrom('', '\0', 'a\0b', '\uFEFFbom', 'twelve chars', 'thirteen char', '😀', 'x'.repeat(70_000)),
);
const anyStrings = fc.array(
  fc.tuple(fc.option(anyText, { nil: null, freq: 5 }), fc.option(anyBytes, { nil: null, freq: 5 })),
  { maxLength: 60 },
);
const stringColumns = [column('t', text), column('b', bytes)];

describe('vectors', () => {
  it('hold every value of every type as the batch does', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ columns, rows }) => {
        await fill(columns, batchOf(columns, rows));
        expect(await read(columns)).toEqual(rows);
      }),
      { numRuns: 150 },
    );
  });

  it('hold the same strings for DuckDB as for the batch, short and long, of any range of rows', async () => {
    await fc.assert(
      fc.asyncProperty(anyStrings, fc.nat(20), async (rows, skip) => {
        const from = Math.min(skip, rows.length);
        await fill(stringColumns, batchOf(stringColumns, rows), from);
        const expected = rows.slice(from).flat();
        const hex = (cell: Cell) => (cell === null ? null : Buffer.from(cell as string).toString('hex'));
        expect(await values('SELECT lower(hex(t)), lower(hex(b)) FROM t')).toEqual(expected.map(hex));
        expect((await read(stringColumns)).flat()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('leave no byte of a longer string behind a short one, as DuckDB compares whole entries', () => {
    const lengths = Array.from({ length: 13 }, (_, length) => length);
    const long = lengths.map((length) => ['z'.repeat(13 + length)]);
    const short = lengths.map((length) => ['abcdefghijkl'.slice(0, length)]);
    const chunk = DuckDBDataChunk.create([VARCHAR], lengths.length);
    const vector = bindings.data_chunk_get_vector(chunk.chunk, 0);
    for (const cells of [long, short]) {
      chunk.reset();
      writeVector(vector, batchOf([column('t', text)], cells).columns[0] as ColumnVector, lengths.length);
    }
    const entries = bindings.vector_get_data(vector, lengths.length * 16);
    const expected = short.map(([cell]) =>
      Buffer.concat([Buffer.of(cell?.length ?? 0, 0, 0, 0), Buffer.alloc(12, `${cell}`.padEnd(12, '\0'))]),
    );
    expect(Buffer.from(entries).toString('hex')).toBe(Buffer.concat(expected).toString('hex'));
  });

  it('are read wherever DuckDB keeps their strings', async () => {
    const query = (order: string) =>
      `SELECT repeat(chr((97 + i % 26)::INTEGER), (i * 7919 % 5000)::INTEGER) || i AS t
       FROM range(5000) AS r(i) ORDER BY ${order}`;
    const columns = [column('t', text)];
    for (const order of ['i', 'hash(i)', 'i % 10, i DESC']) {
      const expected = (await values(`SELECT md5(t) FROM (${query(order)})`)).join();
      await connection.run(`CREATE OR REPLACE TABLE sorted AS ${query(order)}`);
      const found = await read(columns, 'SELECT t FROM sorted');
      await fill(columns, batchOf(columns, found.slice(0, batchRows)));
      expect(found).toHaveLength(5_000);
      expect(await values('SELECT md5(t) FROM t')).toEqual(expected.split(',').slice(0, batchRows));
    }
  });

  it('have no NULL left of those that the batch held before', async () => {
    await connection.run(
      'CREATE OR REPLACE TABLE t AS SELECT CASE WHEN i >= 2048 THEN i END AS n FROM range(4096) AS r(i)',
    );
    const rows = await read([column('n', { kind: 'int', bits: 64 })]);
    expect(rows.flat()).toEqual(Array.from({ length: 4_096 }, (_, i) => (i >= 2048 ? BigInt(i) : null)));
  });

  it.each([
    ['short', 'c328'],
    ['long', `c328${'41'.repeat(40)}`],
  ])('refuse %s text that is not UTF-8, naming column and row', async (_length, hex) => {
    const cells = [['fine'], [Buffer.from('first\u00e9')], [Buffer.from(hex, 'hex')], ['fine']];
    const batch = batchOf(
      [column('b', bytes)],
      cells.map(([cell]) => [Buffer.from(cell as string)]),
    );
    const writing = fill([column('the_column', text)], batch, 1);
    await expect(writing).rejects.toMatchObject({ code: 'VALUE_UNREPRESENTABLE' });
    await expect(writing).rejects.toThrow(/the_column, row 101 of the chunk/);
    await fill([column('b', bytes)], batch, 1);
    expect(await values('SELECT count(*) FROM t')).toEqual([3n]);
  });
});
