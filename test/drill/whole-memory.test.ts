import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column } from '../../engine/rows/types.js';
import { createFileBucket } from '../../engine/storage/file-bucket.js';
import type { Manifest } from '../../engine/storage/manifest.js';
import { type DuckDb, openDuckDb } from '../../engine/transform/duckdb.js';
import { createDuckDbEngine } from '../../engine/transform/duckdb-engine.js';
import { checksumOfParquet } from '../../engine/transform/parquet-file.js';
import { columnsOf, somePrefix } from '../integration/transform/fixture.js';

const windows = 60;
const leftRows = 720_000;
const memoryLimit = 112;
/** Of the rows' values alone, before any hash table. */
const leftBytes = 400;
const rightBytes = 270;

const cells = columnsOf({ cell_id: 'varchar(60)', load: 'bigint', note: 'varchar(400)' });
const usage = columnsOf({ device_id: 'varchar(60)', used: 'bigint', place: 'varchar(200)' });
const id = (row: string) => `md5((${row})::VARCHAR) || ' ' || (${row})`;

let directory: string;
let duckdb: DuckDb;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whole-memory-'));
  const spillDirectory = join(directory, 'spill');
  duckdb = await openDuckDb({ memoryLimit: `${memoryLimit}MB`, threads: 2, spillDirectory });
});
afterAll(async () => {
  duckdb?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Writes a window's rows of one table as a part, the way an export leaves it. */
async function part(
  table: string,
  window: number,
  columns: readonly Column[],
  query: string,
): Promise<Manifest> {
  const session = await duckdb.openSession(new AbortController().signal);
  try {
    const key = `${table}/${window}/part-00000.parquet`;
    const path = join(directory, 'bucket', key);
    await mkdir(join(path, '..'), { recursive: true });
    await session.run(`COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
    const checksum = await checksumOfParquet(session, [path], columns);
    const { rows } = checksum;
    const parts = [{ key, rows, bytes: 1 }];
    return { version: 1, fingerprint: 'f', attempt: 'a', columns, parts, rows, bytes: 1, checksum };
  } finally {
    session.close();
  }
}

describe('a whole several times as large as the memory limit', () => {
  it('is joined, proven and cut within it', async () => {
    const bucket = createFileBucket(join(directory, 'bucket'));
    const each = leftRows / windows;
    const requested = [];
    for (let window = 0; window < windows; window += 1) {
      const from = window * each;
      const left = `SELECT ${id('i')} AS cell_id, i AS load, repeat(md5(i::VARCHAR || 'n'), 11) AS note
        FROM range(${from}, ${from + each}) t(i)`;
      // Two of three left rows have a match, all over the windows.
      const right = `SELECT ${id('i')} AS device_id, i * 2 AS used, repeat(md5(i::VARCHAR || 'p'), 6) AS place
        FROM (SELECT (j * 7919 + 13) % ${leftRows} AS i FROM range(${from}, ${from + each}) t(j)) WHERE i % 3 <> 0`;
      requested.push({
        sources: [
          { table: 'cells', manifest: await part('cells', window, cells, left), bucket },
          { table: 'usage', manifest: await part('usage', window, usage, right), bucket },
        ],
        prefix: somePrefix(),
      });
    }
    const rightRows = requested.reduce((sum, { sources }) => sum + (sources[1]?.manifest.rows ?? 0), 0);
    expect(leftRows * leftBytes + rightRows * rightBytes).toBeGreaterThan(3.5 * memoryLimit * 2 ** 20);

    const before = process.memoryUsage.rss();
    let most = before;
    const sampling = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 50);
    const outcomes = await createDuckDbEngine({ duckdb, scratchDirectory: join(directory, 'scratch') })
      .transformWhole({
        target: {
          name: 'stats',
          columns: [...cells, ...usage],
          sources: [{ table: 'cells' }, { table: 'usage' }],
          chunk: { by: 'none' },
          scope: 'database',
          transform: {
            file: 'stats.sql',
            sql: `SELECT c.cell_id, c.load, c.note, u.device_id, u.used, u.place
                  FROM cells c LEFT JOIN usage u ON c.cell_id = u.device_id`,
          },
        },
        windows: requested,
        output: { bucket, attempt: 'one' },
        partRows: 250_000,
        joinKeys: 'exact',
        signal: new AbortController().signal,
      })
      .finally(() => clearInterval(sampling));
    const total = (pick: (outcome: (typeof outcomes)[number]) => number): number =>
      outcomes.reduce((sum, outcome) => sum + pick(outcome), 0);
    expect(outcomes.map(({ rows }) => rows)).toEqual(requested.map(() => each));
    expect(total(({ rights }) => rights[0]?.actual.rows ?? 0)).toBe(rightRows);
    expect(rightRows).toBe((leftRows * 2) / 3);
    expect(await readdir(join(directory, 'scratch'))).toEqual([]);
    // Node.js's own heap and DuckDB's threads come on top of the limit.
    const grown = (most - before) / 2 ** 20;
    console.info(`${Math.round(most / 2 ** 20)} MB at most, ${Math.round(grown)} MB more than before`);
    expect(grown).toBeLessThan(memoryLimit + 200);
  }, 600_000);
});
