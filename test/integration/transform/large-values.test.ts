import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb.js';
import { duckDbLimits } from '../../../workers/embedded-duckdb.js';
import { columnsOf, type Fixture, openFixture, type Row } from './fixture.js';

const megabytes = 128;
const maxValueBytes = megabytes * 2 ** 20;

let fixture: Fixture;
let duckdb: DuckDb;
beforeAll(async () => {
  fixture = await openFixture();
  const limits = duckDbLimits({ duckdb: { memoryLimit: '160MB', threads: 2 }, maxValueBytes }, 'parts');
  duckdb = await openDuckDb({ ...limits, spillDirectory: join(fixture.directory, 'limited') });
});
afterAll(async () => {
  duckdb?.close();
  await fixture.close();
});

describe('parts', () => {
  it('take values of the largest size that may be read, while other writers fill theirs', async () => {
    const columns = columnsOf({ id: 'integer', value: 'bytea' });
    const value = randomFillSync(Buffer.alloc(maxValueBytes));
    const small = randomFillSync(new Uint8Array(10_000));
    const large = [0, 1, 2].map((id) => [id, value]);
    const many = Array.from({ length: 6_000 }, (_, id) => [id, small]);
    const write = (rows: readonly Row[]): Promise<Manifest> =>
      fixture.write(columns, rows, { duckdb, signal: new AbortController().signal });
    const written = await Promise.all([write(large), ...[0, 1, 2].map(() => write(many))]);
    expect(written.map(({ rows }) => rows)).toEqual([3, 6_000, 6_000, 6_000]);
    const read = await fixture.read(written[0] as Manifest, duckdb);
    expect(read.map(([id, found]) => [id, value.equals(found as Uint8Array)])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
  }, 120_000);
});
