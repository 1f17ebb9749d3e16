import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '../../../engine/rows/types.js';
import type { TransformOutcome } from '../../../engine/transform/engine.js';
import { columnsOf, type Fixture, openFixture, type Row, sorted } from './fixture.js';
import { type Case, cells, day, left, leftJoin, runTransform, stats } from './join-case.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());
afterEach(async () => {
  expect(await readdir(join(fixture.directory, 'scratch')).catch(() => [])).toEqual([]);
});

const run = (given: Case) => runTransform(fixture, given);
const rowsOf = async (outcome: TransformOutcome, columns: readonly Column[] = stats) =>
  sorted(await fixture.read({ parts: outcome.parts, columns }));

describe('a plain copy', () => {
  it('gives the source rows unchanged, in the target order', async () => {
    const columns = columnsOf({ place: 'text', cell_id: 'varchar(20)' });
    const outcome = await run({ columns });
    expect(await rowsOf(outcome, columns)).toEqual(
      sorted(left.map((row) => [row[3] ?? null, row[0] ?? null])),
    );
    expect(outcome).toMatchObject({ rows: 5, rights: [], left: { columns: ['place', 'cell_id'] } });
  });
});

describe('the engine', () => {
  it('notices raw parts that are not those of the manifest', async () => {
    const { bucket } = fixture;
    const manifest = await fixture.write(cells, left);
    const forged = { ...manifest, checksum: { ...manifest.checksum, sum: '0123456789abcdef' } };
    const running = run({
      columns: cells,
      request: { sources: [{ table: 'cells', manifest: forged, bucket }] },
    });
    await expect(running).rejects.toMatchObject({ code: 'CHECKSUM_EXPORT' });
  });

  it('tells no value of a row when an expression fails on it', async () => {
    const running = run({
      sql: `SELECT CAST(place AS INTEGER) AS used FROM cells`,
      columns: columnsOf({ used: 'integer' }),
    });
    await expect(running).rejects.toMatchObject({ code: 'TRANSFORM_FAILED' });
    await expect(running).rejects.not.toThrow(/Zürich|'x'/);
  });

  it('cuts its output into parts of about partRows', async () => {
    const many = Array.from({ length: 40_000 }, (_, i): Row => [`id ${i}`, day, BigInt(i), null]);
    const outcome = await run({ columns: cells, left: many, request: { partRows: 8_192 } });
    expect(outcome.parts.length).toBeGreaterThan(1);
    expect(Math.max(...outcome.parts.map(({ rows }) => rows))).toBeLessThanOrEqual(4 * 8_192);
    expect(outcome.parts.reduce((sum, { rows }) => sum + rows, 0)).toBe(40_000);
  });

  it('reports counters that only grow, and stops at once when aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('cancelled by the test');
    const seen: number[] = [];
    const running = run({
      sql: leftJoin,
      request: {
        signal: abort.signal,
        onProgress: ({ bytes }) => {
          seen.push(bytes);
          abort.abort(reason);
        },
      },
    });
    await expect(running).rejects.toBe(reason);
    expect(seen.length).toBeGreaterThan(0);
  });
});
