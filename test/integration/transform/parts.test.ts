import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';
import { createPartWriter } from '../../../engine/transform/part-writer.js';
import { addChecksums } from '../../../engine/validation/set-checksum.js';
import { columnsOf, type Fixture, openFixture, type Row, somePrefix, sorted, transpose } from './fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const types: readonly LogicalType[] = [
  { kind: 'bool' },
  { kind: 'int', bits: 8 },
  { kind: 'int', bits: 16 },
  { kind: 'int', bits: 32 },
  { kind: 'int', bits: 64 },
  { kind: 'decimal', precision: 3, scale: 3 },
  { kind: 'decimal', precision: 9, scale: 2 },
  { kind: 'decimal', precision: 11, scale: 3 },
  { kind: 'decimal', precision: 38, scale: 10 },
  { kind: 'date' },
  { kind: 'timestamp', precision: 3 },
  { kind: 'text' },
];
const columns: readonly Column[] = types.map((type, i) => ({ name: `c"${i}`, type, nullable: true }));

function cellOf(type: LogicalType): fc.Arbitrary<Cell> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'int':
      if (type.bits === 64) return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
      if (type.bits === 8) return fc.integer({ min: 0, max: 255 });
      return fc.integer({ min: -(2 ** (type.bits - 1)), max: 2 ** (type.bits - 1) - 1 });
    case 'decimal': {
      const most = 10n ** BigInt(type.precision) - 1n;
      return fc.oneof(fc.bigInt({ min: -most, max: most }), fc.constantFrom(0n, most, -most));
    }
    case 'date':
      return fc.integer({ min: -719_162, max: 2_932_896 });
    case 'timestamp':
      return fc.bigInt({ min: -62_135_596_800_000n, max: 253_402_300_799_999n }).map((ms) => ms * 1000n);
    case 'text':
      return fc.oneof(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom(
          '',
          ' ',
          '\uFEFFbom',
          'a\0b',
          'twelve chars',
          'thirteen char',
          '\\N',
          '\\.',
          '\t\n\r"',
          '😀',
        ),
      );
  }
}

describe('parts', () => {
  it('give back every value of every type as it was written', async () => {
    const row = fc.tuple(...types.map((type) => fc.option(cellOf(type), { nil: null, freq: 6 })));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
        expect(await fixture.read(await fixture.write(columns, rows))).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  const some = columnsOf({ id: 'integer', name: 'varchar(20)' });
  const many = (count: number): Row[] =>
    Array.from({ length: count }, (_, i) => [i, i % 7 === 0 ? null : `n ${i}`]);

  it('hold at most partRows rows each, and every row once, across batches and vectors', async () => {
    const manifest = await fixture.write(some, many(10_001), 3_000);
    expect(manifest.parts.map(({ rows }) => rows)).toEqual([3_000, 3_000, 3_000, 1_001]);
    expect(manifest.rows).toBe(10_001);
    expect(manifest.bytes).toBe(manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(sorted(await fixture.read(manifest))).toEqual(sorted(many(10_001)));
  });

  it('are read in the order of their files, and so in the same each time', async () => {
    const threeRowGroups = Array.from({ length: 300_000 }, (_, i): Row => [i]);
    const manifest = await fixture.write(columnsOf({ id: 'integer' }), threeRowGroups, 300_000);
    expect(manifest.parts).toHaveLength(1);
    const path = await fixture.bucket.localFile(manifest.parts[0]?.key ?? '', fixture.directory);
    const session = await fixture.duckdb.openSession(new AbortController().signal);
    const [file] = await session.rows<{ ids: { readonly items: readonly number[] } }>(
      `SELECT list(id ORDER BY file_row_number) AS ids FROM read_parquet('${path}', file_row_number = true)`,
    );
    session.close();
    expect(file?.ids.items).toHaveLength(300_000);
    for (let reading = 0; reading < 3; reading += 1) {
      const read = await fixture.read(manifest);
      expect(read.findIndex(([id], at) => id !== file?.ids.items[at])).toBe(-1);
    }
  });

  it('have a checksum that does not depend on how rows are cut and ordered, but on every value', async () => {
    const one = await fixture.write(some, many(5_000));
    const other = await fixture.write(some, many(5_000).reverse(), 777);
    expect(other.checksum).toEqual(one.checksum);
    const halves = [many(5_000).slice(0, 2_000), many(5_000).slice(2_000)];
    const sums = await Promise.all(halves.map(async (half) => (await fixture.write(some, half)).checksum));
    expect(addChecksums(sums)).toEqual(one.checksum);
    const changed = many(5_000).map((row, i) => (i === 4_321 ? [row[0] as Cell, 'x'] : row));
    expect((await fixture.write(some, changed)).checksum.sum).not.toBe(one.checksum.sum);
  });

  it('are none for no rows', async () => {
    const manifest = await fixture.write(some, []);
    expect(manifest).toMatchObject({
      parts: [],
      rows: 0,
      bytes: 0,
      checksum: { rows: 0, sum: '0000000000000000' },
    });
    expect(await fixture.read(manifest)).toEqual([]);
  });

  it('are refused when a part does not hold the rows of its manifest', async () => {
    const manifest = await fixture.write(some, many(10));
    const parts = manifest.parts.map((part) => ({ ...part, rows: 9 }));
    await expect(fixture.read({ ...manifest, parts })).rejects.toMatchObject({ code: 'STORAGE_IO' });
  });

  it.each<[string, LogicalType, Cell]>([
    ['an integer out of range', { kind: 'int', bits: 16 }, 40_000],
    ['a negative tinyint', { kind: 'int', bits: 8 }, -1],
    ['a bigint out of range', { kind: 'int', bits: 64 }, 2n ** 63n],
    ['a decimal with too many digits', { kind: 'decimal', precision: 3, scale: 1 }, 1000n],
    ['a long decimal with too many digits', { kind: 'decimal', precision: 20, scale: 0 }, -(10n ** 20n)],
    ['half a surrogate pair', { kind: 'text' }, 'secret\ud83d'],
  ])('refuse %s, naming the column and not the value', async (_case, type, cell) => {
    const writing = fixture.write([{ name: 'the_column', type, nullable: true }], [[null], [cell]]);
    await expect(writing).rejects.toMatchObject({ code: 'VALUE_UNREPRESENTABLE' });
    await expect(writing).rejects.toThrow(/the_column, row 1 /);
    await expect(writing).rejects.not.toThrow(/40000|secret|1000/);
  });

  it('refuse a value by its place in the chunk, through batches and parts', async () => {
    const writer = createPartWriter({
      duckdb: fixture.duckdb,
      bucket: fixture.bucket,
      prefix: somePrefix(),
      attempt: 'a',
      columns: [{ name: 'the_column', type: { kind: 'text' }, nullable: true }],
      partRows: 2_500,
      spillDirectory: join(fixture.directory, 'named'),
      signal: new AbortController().signal,
    });
    const texts = (bad: number) => Array.from({ length: 3_000 }, (_, at) => (at === bad ? '\ud83d' : 'x'));
    await writer.write({ rows: 3_000, columns: [texts(-1)] });
    const writing = writer.write({ rows: 3_000, columns: [texts(2_999)] });
    await expect(writing).rejects.toThrow(/the_column, row 5999 of the chunk/);
    await writer.abort();
  });
});

describe('an aborted part writer', () => {
  const some = columnsOf({ id: 'integer' });
  const batch = {
    rows: 5_000,
    columns: transpose(
      1,
      Array.from({ length: 5_000 }, (_, i) => [i]),
    ),
  };
  const open = (signal: AbortSignal) => {
    const { duckdb, bucket, directory } = fixture;
    const spillDirectory = join(directory, 'aborted');
    const prefix = somePrefix();
    return createPartWriter({
      duckdb,
      bucket,
      prefix,
      attempt: 'a',
      columns: some,
      partRows: 2_000,
      spillDirectory,
      signal,
    });
  };

  it('rethrows the reason and leaves no local file', async () => {
    const abort = new AbortController();
    const writer = open(abort.signal);
    await writer.write(batch);
    const reason = new Error('cancelled by the test');
    abort.abort(reason);
    await expect(writer.write(batch)).rejects.toBe(reason);
    await writer.abort();
    await writer.abort();
    expect(await readdir(join(fixture.directory, 'aborted')).catch(() => [])).toEqual([]);
  });
});
