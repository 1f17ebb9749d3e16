import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Column } from '../../../engine/rows/types.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb.js';
import { createDuckDbEngine } from '../../../engine/transform/duckdb-engine.js';
import type { TransformOutcome } from '../../../engine/transform/engine.js';
import { checksumOfParquet, parquetOptions } from '../../../engine/transform/parquet-file.js';
import { createWindowWriter } from '../../../engine/transform/window-writer.js';
import { batchesOf, columnsOf, type Fixture, openFixture, type Row, somePrefix } from './fixture.js';

/** One of each kind of work fits; all that run here at once would need twice to four times as much. */
const memoryLimit = '112MB';
const atOnce = 3;

let fixture: Fixture;
let duckdb: DuckDb;
beforeAll(async () => {
  fixture = await openFixture();
  const spillDirectory = join(fixture.directory, 'limited');
  duckdb = await openDuckDb({ memoryLimit, threads: 2, spillDirectory });
});
afterAll(async () => {
  duckdb?.close();
  await fixture.close();
});

/** A part file with the rows of a query, as an export leaves it. */
async function exported(columns: readonly Column[], query: string): Promise<Manifest> {
  const key = `${randomUUID()}/part-00000.parquet`;
  const path = join(fixture.directory, 'bucket', key);
  await mkdir(dirname(path), { recursive: true });
  const session = await fixture.duckdb.openSession(new AbortController().signal);
  try {
    await session.run(`COPY (${query}) TO '${path}' (${parquetOptions})`);
    const checksum = await checksumOfParquet(session, [path], columns);
    const parts = [{ key, rows: checksum.rows, bytes: 1 }];
    return {
      version: 1,
      fingerprint: 'f',
      attempt: 'a',
      columns,
      parts,
      rows: checksum.rows,
      bytes: 1,
      checksum,
    };
  } finally {
    session.close();
  }
}

interface Transform {
  readonly columns: readonly Column[];
  readonly sql: string;
  readonly sources: Readonly<Record<string, Manifest>>;
  readonly onWaiting?: () => void;
}

function transform({ columns, sql, sources, ...request }: Transform): Promise<TransformOutcome> {
  const { bucket, directory } = fixture;
  const tables = Object.entries(sources).map(([table, manifest]) => ({ table, manifest, bucket }));
  return createDuckDbEngine({ duckdb, scratchDirectory: join(directory, 'scratch') }).transform({
    target: {
      name: 'stats',
      columns,
      sources: tables,
      chunk: { by: 'none' },
      transform: { file: 'stats.sql', sql },
    },
    sources: tables,
    output: { bucket, prefix: somePrefix(), attempt: randomUUID() },
    partRows: 250_000,
    joinKeys: 'exact',
    signal: new AbortController().signal,
    ...request,
  });
}

describe('work that takes all of the memory limit', () => {
  it('fits where several transforms come at once, as one waits for the other', async () => {
    const cells = columnsOf({ cell_id: 'varchar(60)', note: 'varchar(400)' });
    const usage = columnsOf({ device_id: 'varchar(60)', place: 'varchar(200)' });
    const id = `md5(i::VARCHAR) || ' ' || i`;
    const range = 'FROM range(400000) t(i)';
    const left = await exported(
      cells,
      `SELECT ${id} AS cell_id, repeat(md5(i::VARCHAR), 6) AS note ${range}`,
    );
    const right = await exported(
      usage,
      `SELECT ${id} AS device_id, repeat(md5(i::VARCHAR), 4) AS place ${range}`,
    );
    let waited = 0;
    const sql =
      'SELECT c.cell_id, c.note, u.device_id, u.place FROM cells c LEFT JOIN usage u ON c.cell_id = u.device_id';
    const onWaiting = (): void => {
      waited += 1;
    };
    const request = { columns: [...cells, ...usage], sql, sources: { cells: left, usage: right }, onWaiting };
    const outcomes = await Promise.all(Array.from({ length: atOnce }, () => transform(request)));
    expect(outcomes.map(({ rights }) => rights[0]?.actual.rows)).toEqual(
      Array.from({ length: atOnce }, () => 400_000),
    );
    expect(waited).toBeGreaterThan(0);
  }, 120_000);

  it('fits where several writers part rows into many windows', async () => {
    const columns = columnsOf({ taken: 'timestamp(3)', note: 'varchar(400)' });
    const dayMs = 86_400_000;
    const first = Date.UTC(2025, 0, 1);
    const day = (n: number): string => new Date(first + n * dayMs).toISOString().slice(0, 10);
    const days = 60;
    const rows = Array.from(
      { length: 2_000 },
      (_, i): Row => [BigInt(first + (i % days) * dayMs) * 1000n, `note ${i} `.padEnd(200, 'x')],
    );
    const batches = batchesOf(columns, rows);
    const write = async (ordinal: number): Promise<number> => {
      const windows = Array.from({ length: days }, (_, n) => ({
        from: day(n),
        to: day(n + 1),
        prefix: somePrefix(),
      }));
      const { bucket, directory: spillDirectory } = fixture;
      const range = { ordinal, attempt: randomUUID() };
      const writer = createWindowWriter({
        ...{ duckdb, bucket, columns, chunkColumn: 'taken', windows, attempt: randomUUID(), range },
        ...{
          partRows: 250_000,
          spillDirectory,
          signal: new AbortController().signal,
          onPart: () => undefined,
        },
      });
      try {
        for (let turn = 0; turn < 200; turn += 1) for (const batch of batches) await writer.write(batch);
        return (await writer.finish()).checksum.rows;
      } finally {
        await writer.abort();
      }
    };
    const written = await Promise.all(Array.from({ length: atOnce }, (_, ordinal) => write(ordinal)));
    expect(written).toEqual(Array.from({ length: atOnce }, () => 400_000));
  }, 120_000);

  it('fits with rows of 10 KB into the default, one thread at a time where two do not', async () => {
    await duckdb.allow({ memoryLimit: '144MB', threads: 2 });
    const notes = columnsOf({ note_id: 'integer', note: 'text' });
    const owners = columnsOf({ owner_note: 'integer', owner: 'text' });
    const text = `array_to_string([md5((i * 400 + j)::VARCHAR) FOR j IN range(310)], '')`;
    const rows = 20_000;
    const left = await exported(
      notes,
      `SELECT i::INTEGER AS note_id, ${text} AS note FROM range(${rows}) t(i)`,
    );
    const right = await exported(
      owners,
      `SELECT i::INTEGER AS owner_note, 'o' || i AS owner FROM range(${rows}) t(i)`,
    );
    const outcome = await transform({
      columns: [...notes, ...owners],
      sql: 'SELECT n.note_id, n.note, o.owner_note, o.owner FROM notes n LEFT JOIN owners o ON n.note_id = o.owner_note',
      sources: { notes: left, owners: right },
    });
    expect(outcome.rights[0]?.actual.rows).toBe(rows);
  }, 120_000);
});
