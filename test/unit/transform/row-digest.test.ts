import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogicalType } from '../../../engine/rows/types.js';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb.js';
import { digestDuckdb } from '../../../engine/transform/row-digest.js';

let directory: string;
let duckdb: DuckDb;
let session: DuckDbSession;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'digest-'));
  duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 1, spillDirectory: directory });
  session = await duckdb.openSession(new AbortController().signal);
});
afterAll(async () => {
  session.close();
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});

const int: LogicalType = { kind: 'int', bits: 32 };
const text: LogicalType = { kind: 'text' };
const float = (bits: 32 | 64): LogicalType => ({ kind: 'float', bits });

/** The digest of rows, each a list of SQL expressions of values. */
async function digest(types: readonly LogicalType[], rows: readonly (readonly string[])[]): Promise<bigint> {
  const names = types.map((_, index) => `c${index}`);
  const list = digestDuckdb(types.map((type, index) => ({ value: `c${index}`, type })));
  const values = rows.map((row) => `(${row.join(', ')})`).join(', ');
  const sql = `SELECT ${list} AS found FROM (VALUES ${values}) AS t(${names.join(', ')})`;
  const [row] = await session.rows<{ found: bigint }>(sql);
  return row?.found as bigint;
}

describe('digestDuckdb', () => {
  it.each<[LogicalType, string, string]>([
    [float(64), "'-0'::DOUBLE", "'0'::DOUBLE"],
    [float(32), "'-0'::FLOAT", "'0'::FLOAT"],
    [float(64), '0.1::DOUBLE', '0.1::FLOAT::DOUBLE'],
    [int, 'NULL', '0'],
    [{ kind: 'bool' }, 'NULL', 'false'],
    [text, 'NULL', "''"],
    [text, "'a'", "'a '"],
    [text, "'a'", "'A'"],
    [text, "'a'", "'a' || chr(0)"],
    [{ kind: 'bytes' }, "''::BLOB", "'\\x00'::BLOB"],
    [{ kind: 'decimal', precision: 38, scale: 0 }, '0', '18446744073709551616'],
    [
      { kind: 'timestamp', precision: 6 },
      "'2025-01-01'::TIMESTAMP",
      "'2025-01-01 00:00:00.000001'::TIMESTAMP",
    ],
  ])('tells values of %j apart: %s and %s', async (type, one, other) => {
    expect(await digest([type], [[one]])).not.toBe(await digest([type], [[other]]));
  });

  it('depends on the columns’ order and on how often a row comes, not on the order of rows', async () => {
    const [a, b] = [
      ['1', '2'],
      ['3', 'NULL'],
    ];
    expect(await digest([int, int], [a, b])).toBe(await digest([int, int], [b, a]));
    expect(await digest([int, int], [a, a, b])).not.toBe(await digest([int, int], [a, b, b]));
    expect(await digest([int, int], [['1', '2']])).not.toBe(await digest([int, int], [['2', '1']]));
    expect(await digest([int, int], [['NULL', '3']])).not.toBe(await digest([int, int], [b]));
  });

  /** One bit in two of each that a sum of `hash(a, b)` has can stay as it was. */
  it('keeps all of its bits where two rows swap a value', async () => {
    const pair = (b: string) => `SELECT g, r AS a, ${b} AS b FROM range(20000) AS g(g), range(2) AS r(r)`;
    const sums = (from: string) =>
      `SELECT g, ${digestDuckdb([int, int].map((type, index) => ({ value: 'ab'[index] ?? '', type })))} % 256 AS low
       FROM (${from}) GROUP BY g`;
    const [found] = await session.rows<{ same: bigint }>(
      `SELECT count(*) AS same FROM (${sums(pair('g * 2 + r'))}) AS x
       JOIN (${sums(pair('g * 2 + 1 - r'))}) AS y ON x.g = y.g AND x.low = y.low`,
    );
    // 20,000 / 256 = 78 by chance, 9 the standard deviation; 2,700 without the second hash.
    expect(Number(found?.same)).toBeGreaterThan(20);
    expect(Number(found?.same)).toBeLessThan(140);
  });
});
