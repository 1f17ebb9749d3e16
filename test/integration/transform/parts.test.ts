import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ColumnBatch } from '../../../engine/rows/column-batch.js';
import type { Cell, Column } from '../../../engine/rows/types.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import type { DuckDb, DuckDbSession } from '../../../engine/transform/duckdb.js';
import { checksumOfParquet } from '../../../engine/transform/parquet-file.js';
import { readParts } from '../../../engine/transform/part-reader.js';
import { addChecksums } from '../../../engine/validation/set-checksum.js';
import { anyRows } from '../../support/arbitrary-rows.js';
import { chunksOf, decodeAnswer } from '../../support/decode-answer.js';
import { encodeDone, encodeMetadata } from '../../support/wire-answer.js';
import type { WireType } from '../../support/wire-types.js';
import { plpNull, plpValue } from '../../support/wire-values.js';
import { variableWireTypes } from '../../support/wire-variable-types.js';
import { batchesOf, columnsOf, type Fixture, openFixture, type Row, sorted } from './fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

async function checksumOfFiles({ parts, columns }: Manifest) {
  const { bucket, duckdb, directory } = fixture;
  const session = await duckdb.openSession(new AbortController().signal);
  const paths = await Promise.all(parts.map(({ key }) => bucket.localFile(key, directory)));
  return checksumOfParquet(session, paths, columns).finally(() => session.close());
}

describe('parts', () => {
  it('give back every value of every type as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ columns, rows }) => {
        const manifest = await fixture.write(columns, rows);
        expect(await fixture.read(manifest)).toEqual(rows);
        expect(await checksumOfFiles(manifest)).toEqual(manifest.checksum);
      }),
      { numRuns: 60 },
    );
  });

  it('give back strings of any length, whatever characters and bytes they hold', async () => {
    const columns: readonly Column[] = [
      { name: 'a "text"', type: { kind: 'text' }, nullable: true },
      { name: 'bytes', type: { kind: 'bytes' }, nullable: true },
    ];
    const long = 'é'.repeat(70_000);
    const texts = [
      '',
      null,
      ' ',
      '\uFEFFbom',
      'a\0b',
      'twelve chars',
      'thirteen char',
      '\\N\t\n\r"',
      '😀',
      long,
    ];
    const rows = texts.map((text) => [
      text,
      text === null ? null : new Uint8Array(Buffer.from(text, 'utf16le')),
    ]);
    expect(await fixture.read(await fixture.write(columns, rows))).toEqual(rows);
  });

  it('give back the bytes of any UTF-16 units, as they were decoded off the wire', async () => {
    const wire = variableWireTypes.find(({ name }) => name === 'nvarchar(max)') as WireType;
    const columns: readonly Column[] = [{ name: 'c0', type: { kind: 'bytes' }, nullable: true }];
    const units = fc.uint16Array({ maxLength: 40 }).map((codes) => new Uint8Array(codes.buffer));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(units), { minLength: 1, maxLength: 20 }), async (values) => {
        const sent = values.map((value) => (value ? plpValue(Buffer.from(value), 3, false) : plpNull));
        const rows = sent.map((value) => Buffer.concat([Buffer.from([0xd1]), value]));
        const answer = Buffer.concat([encodeMetadata([wire]), ...rows, encodeDone(rows.length)]);
        const decoded = decodeAnswer(columns, chunksOf(answer, 7)).rows;
        expect(decoded).toEqual(values.map((value) => [value]));
        expect(await fixture.read(await fixture.write(columns, decoded))).toEqual(decoded);
      }),
      { numRuns: 40 },
    );
  });

  const some = columnsOf({ id: 'integer', name: 'varchar(20)' });
  const many = (count: number): Row[] =>
    Array.from({ length: count }, (_, i) => [i, i % 7 === 0 ? null : `n ${i}`]);

  it('hold at most partRows rows each, and every row once, across batches and vectors', async () => {
    const manifest = await fixture.write(some, many(10_001), { partRows: 3_000 });
    expect(manifest.parts.map(({ rows }) => rows)).toEqual([3_000, 3_000, 3_000, 1_001]);
    expect(manifest.rows).toBe(10_001);
    expect(manifest.bytes).toBe(manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(sorted(await fixture.read(manifest))).toEqual(sorted(many(10_001)));
  });

  it('are read in the order of their files, and so in the same each time', async () => {
    const threeRowGroups = Array.from({ length: 300_000 }, (_, i): Row => [i]);
    const manifest = await fixture.write(columnsOf({ id: 'integer' }), threeRowGroups, { partRows: 300_000 });
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
    const other = await fixture.write(some, many(5_000).reverse(), { partRows: 777 });
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

  it('end where rows of partBytes bytes are in them, so that memory holds no more of wide rows', async () => {
    const columns = columnsOf({ id: 'integer', wide: 'text' });
    const wide = Array.from({ length: 6_000 }, (_, i): Row => [i, 'x'.repeat(1_000)]);
    const manifest = await fixture.write(columns, wide, { partBytes: 3_000_000 });
    expect(manifest.parts.length).toBeGreaterThan(1);
    for (const { rows } of manifest.parts) expect(rows).toBeLessThanOrEqual(3_000);
    expect(sorted(await fixture.read(manifest))).toEqual(sorted(wide));
  });

  it.each([
    ['lacks a row', 'SELECT * FROM fed LIMIT 9'],
    ['has a value changed', `SELECT * REPLACE (CASE WHEN id = 3 THEN 'x' ELSE name END AS name) FROM fed`],
    ['has a row twice in place of another', 'SELECT * REPLACE (greatest(id, 1) AS id) FROM fed'],
  ])('are refused where a file %s', async (_case, query) => {
    const { duckdb } = fixture;
    const faulty: DuckDb = {
      allow: (limits) => duckdb.allow(limits),
      close: () => duckdb.close(),
      openSession: async (signal) => {
        const session = await duckdb.openSession(signal);
        const run = session.run.bind(session);
        return Object.assign(session, {
          run: (sql: string) => run(sql.replace(/^COPY \((.*)\) TO/, `COPY (WITH fed AS ($1) ${query}) TO`)),
        });
      },
    };
    const writer = fixture.open(some, { duckdb: faulty });
    for (const batch of batchesOf(some, many(10))) await writer.write(batch);
    await expect(writer.finish()).rejects.toMatchObject({ code: 'CHECKSUM_EXPORT' });
    await writer.abort();
  });

  it('refuse text that is not UTF-8, by its place in the chunk, through batches and parts', async () => {
    const columns: readonly Column[] = [{ name: 'the_column', type: { kind: 'text' }, nullable: true }];
    const octets = columns.map((column): Column => ({ ...column, type: { kind: 'bytes' } }));
    const writer = fixture.open(columns, { partRows: 2_500 });
    const batches = (bad: number) =>
      batchesOf(
        octets,
        Array.from({ length: 3_000 }, (_, at) => [Buffer.from(at === bad ? 'secret\xff' : 'x', 'latin1')]),
      );
    for (const batch of batches(-1)) await writer.write(batch);
    const [first, second] = batches(2_999);
    await writer.write(first as ColumnBatch);
    const writing = writer.write(second as ColumnBatch);
    await expect(writing).rejects.toMatchObject({ code: 'VALUE_UNREPRESENTABLE' });
    await expect(writing).rejects.toThrow(/the_column, row 5999 of the chunk/);
    await expect(writing).rejects.not.toThrow(/secret/);
    await writer.abort();
  });
});

describe('reading parts', () => {
  it('stops with the reason of the signal', async () => {
    const manifest = await fixture.write(
      columnsOf({ id: 'integer' }),
      Array.from({ length: 9_000 }, (_, i) => [i]),
    );
    const abort = new AbortController();
    const reason = new Error('cancelled by the test');
    const { duckdb, bucket, directory } = fixture;
    const scratch = join(directory, 'stopped');
    const reading = readParts({
      duckdb,
      bucket,
      manifest,
      columns: manifest.columns,
      scratch,
      signal: abort.signal,
    });
    const read = async () => {
      for await (const batch of reading) if (batch.rows > 0) abort.abort(reason);
    };
    await expect(read()).rejects.toBe(reason);
  });
});

describe('an aborted part writer', () => {
  const some = columnsOf({ id: 'integer' });
  const rows = Array.from({ length: 5_000 }, (_, i): Row => [i]);

  it('rethrows the reason and leaves no local file', async () => {
    const abort = new AbortController();
    const spillDirectory = join(fixture.directory, 'aborted');
    const writer = fixture.open(some, { partRows: 2_000, spillDirectory, signal: abort.signal });
    const batches = batchesOf(some, rows);
    for (const batch of batches) await writer.write(batch);
    const reason = new Error('cancelled by the test');
    abort.abort(reason);
    await expect(writer.write(batches[0] as ColumnBatch)).rejects.toBe(reason);
    await writer.abort();
    await writer.abort();
    expect(await readdir(spillDirectory).catch(() => [])).toEqual([]);
  });

  /** The fixture's DuckDB, which knows how many of its sessions are open. */
  function counted(onRun: (session: number, sql: string) => void = () => undefined) {
    const open = new Set<DuckDbSession>();
    let opened = 0;
    const openSession: DuckDb['openSession'] = async (signal) => {
      const session = await fixture.duckdb.openSession(signal);
      const number = ++opened;
      const run = session.run.bind(session);
      const close = session.close.bind(session);
      open.add(session);
      return Object.assign(session, {
        run: async (sql: string) => {
          onRun(number, sql);
          await run(sql);
        },
        close: () => {
          open.delete(session);
          close();
        },
      });
    };
    return { duckdb: { ...fixture.duckdb, openSession }, open };
  }

  it('waits for the write that waits for an upload, and leaves no session, file or further part', async () => {
    const { duckdb, open } = counted();
    const spillDirectory = join(fixture.directory, 'lost');
    const uploads: (() => void)[] = [];
    const putFile: Bucket['putFile'] = async (...args) => {
      await new Promise<void>((resolve) => uploads.push(resolve));
      return fixture.bucket.putFile(...args);
    };
    const bucket = Object.assign(Object.create(fixture.bucket) as Bucket, { putFile });
    const writer = fixture.open(some, { duckdb, bucket, partRows: 1_000, spillDirectory });
    const [batch] = batchesOf(some, rows);
    const writing = writer.write(batch as ColumnBatch);
    while (uploads.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const events: string[] = [];
    const ended = writing.catch(({ message }: Error) => events.push(message));
    const aborting = writer.abort().then(() => events.push('aborted'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toEqual([]);
    for (const upload of uploads) upload();
    await Promise.all([ended, aborting]);
    expect(events).toEqual(['The part writer is closed.', 'aborted']);
    expect(uploads).toHaveLength(1);
    expect(open.size).toBe(0);
    expect(await readdir(spillDirectory)).toEqual([]);
  });

  it('takes neither rows nor finish any more', async () => {
    const { duckdb, open } = counted();
    const writer = fixture.open(some, { duckdb });
    const [batch] = batchesOf(some, rows);
    await writer.write(batch as ColumnBatch);
    await writer.abort();
    await expect(writer.write(batch as ColumnBatch)).rejects.toThrow('closed');
    await expect(writer.finish()).rejects.toThrow('closed');
    expect(open.size).toBe(0);
  });

  it('closes its session where a part could not be written, the first or a later one', async () => {
    for (const faulty of [1, 2]) {
      let copies = 0;
      const { duckdb, open } = counted((_session, sql) => {
        copies += sql.startsWith('COPY') ? 1 : 0;
        if (copies === faulty) throw new Error('no file');
      });
      const writer = fixture.open(some, { duckdb, partRows: 1_000 });
      const [batch] = batchesOf(some, rows);
      const writing = writer.write(batch as ColumnBatch).then(() => writer.finish());
      await expect(writing).rejects.toThrow('no file');
      await writer.abort();
      expect(copies).toBe(faulty);
      expect(open.size).toBe(0);
    }
  });
});
