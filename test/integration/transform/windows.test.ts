import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { MigrationError } from '../../../engine/errors.js';
import type { Column } from '../../../engine/rows/types.js';
import type { DateWindow } from '../../../engine/rows/window-router.js';
import type { DuckDb, DuckDbSession } from '../../../engine/transform/duckdb.js';
import { createWindowWriter, type WindowWriterOptions } from '../../../engine/transform/window-writer.js';
import { addChecksums } from '../../../engine/validation/set-checksum.js';
import { anyRows } from '../../support/arbitrary-rows.js';
import { batchesOf, type Fixture, openFixture, type Row, somePrefix, sorted } from './fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const taken: Column = { name: 'taken', type: { kind: 'timestamp', precision: 3 }, nullable: true };
const first = Date.UTC(2025, 0, 1);
const dayMs = 86_400_000;
const day = (n: number): string => new Date(first + n * dayMs).toISOString().slice(0, 10);
const at = (n: number | null): bigint | null => (n === null ? null : BigInt(first + n * dayMs) * 1000n);

/** So many days, what lies before and behind them, and NULL. */
function grid(days: number): readonly DateWindow[] {
  const inner = Array.from({ length: days }, (_, n) => ({ from: day(n), to: day(n + 1) }));
  return [{ to: day(0) }, ...inner, { from: day(days) }, { isNull: true }];
}

/** Writes the rows, whose first column is `taken`, and reads back what each window got. */
async function part(
  columns: readonly Column[],
  rows: readonly Row[],
  windows: WindowWriterOptions['windows'],
  options: Partial<WindowWriterOptions> = {},
) {
  const { duckdb, bucket, directory } = fixture;
  const range = { ordinal: 0, attempt: randomUUID() };
  let shipped = 0;
  const writer = createWindowWriter({
    ...{ duckdb, bucket, columns, chunkColumn: 'taken', windows, attempt: randomUUID(), range },
    ...{ partRows: 1000, spillDirectory: directory, signal: new AbortController().signal },
    onPart: () => {
      shipped += 1;
    },
    ...options,
  });
  try {
    for (const batch of batchesOf(columns, rows)) await writer.write(batch);
    const written = await writer.finish();
    const found = await Promise.all(
      written.windows.map(
        async ({ window, parts }) => [window, await fixture.read({ parts, columns })] as const,
      ),
    );
    return { ...written, rowsOf: new Map<number, readonly Row[]>(found), shipped };
  } finally {
    await writer.abort();
  }
}

/** The fixture's DuckDB, whose sessions can do nothing, and how many are open. */
function failingDuckDb() {
  const open = new Set<DuckDbSession>();
  const duckdb: DuckDb = {
    ...{ allow: fixture.duckdb.allow, close: fixture.duckdb.close },
    async openSession(signal) {
      const session = await fixture.duckdb.openSession(signal);
      const close = session.close.bind(session);
      open.add(session);
      return Object.assign(session, {
        run: () => Promise.reject(new MigrationError('MEMORY_FULL', 'No room.')),
        close: () => {
          open.delete(session);
          close();
        },
      });
    },
  };
  return { duckdb, open };
}

const everyPrefix = (windows: readonly DateWindow[]) =>
  windows.map((window) => ({ ...window, prefix: somePrefix() }));

describe('rows that are parted into windows', () => {
  it('leave no session of DuckDB open where their table cannot be made', async () => {
    const { duckdb, open } = failingDuckDb();
    const windows = everyPrefix(grid(1));
    await expect(part([taken], [[at(0)]], windows, { duckdb })).rejects.toMatchObject({
      code: 'MEMORY_FULL',
    });
    expect(open.size).toBe(0);
  });

  it('are done with all uploads when one has failed', async () => {
    const { bucket } = fixture;
    let underWay = 0;
    const slow: typeof bucket = Object.assign(Object.create(bucket), {
      async putFile(...upload: Parameters<typeof bucket.putFile>) {
        underWay += 1;
        if (underWay === 1) throw new MigrationError('STORAGE_IO', 'No answer.');
        await sleep(200);
        const bytes = await bucket.putFile(...upload);
        underWay -= 1;
        return bytes;
      },
    });
    const rows = [0, 1, 2].map((n) => [at(n)]);
    await expect(part([taken], rows, everyPrefix(grid(3)), { bucket: slow })).rejects.toThrow('No answer.');
    expect(underWay).toBe(1);
  });

  it('are each in their own window, once, with the checksum of what was read', async () => {
    const days = fc.array(
      fc.option(fc.double({ min: -2, max: 6, noNaN: true }).map((n) => Math.round(n * 8) / 8)),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    const sizes = fc.record({
      partRows: fc.integer({ min: 1, max: 9 }),
      heldBytes: fc.constantFrom(1, 400, 1e9),
    });
    await fc.assert(
      fc.asyncProperty(anyRows, days, sizes, async (any, moments, size) => {
        const columns = [taken, ...any.columns.map((column) => ({ ...column, name: `c ${column.name}` }))];
        const rows = any.rows.map((row, n) => [at(moments[n % moments.length] ?? null), ...row]);
        const windows = everyPrefix(grid(4));
        const { windows: written, checksum, rowsOf } = await part(columns, rows, windows, size);
        for (const [n, window] of windows.entries())
          expect(sorted(rowsOf.get(n) ?? [])).toEqual(
            sorted(rows.filter(([moment]) => holds(window, moment))),
          );
        expect(addChecksums(written.map((window) => window.checksum))).toEqual(checksum);
        expect(checksum).toEqual((await fixture.write(columns, rows)).checksum);
        for (const { parts } of written)
          for (const { rows: n } of parts) expect(n).toBeLessThanOrEqual(size.partRows);
      }),
      { numRuns: 40 },
    );
  });

  it('are counted and left out where their window is not wanted', async () => {
    const [early, ...others] = grid(2);
    const windows = [{ ...early }, ...everyPrefix(others)];
    const rows = [-1, 0, 0.5, -0.1, null].map((n): Row => [at(n)]);
    const { windows: written, checksum, rowsOf } = await part([taken], rows, windows);
    expect(checksum.rows).toBe(5);
    expect(written.map(({ window, rows: n }) => [window, n])).toEqual([
      [1, 2],
      [4, 1],
    ]);
    expect(rowsOf.get(4)).toEqual([[null]]);
  });

  it('are refused where one lies in no window, and nothing is left on the disk', async () => {
    const refused = part([taken], [[at(0)], [at(1)], [null]], everyPrefix([{ from: day(0), to: day(1) }]));
    await expect(refused).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringMatching(/^2 rows/),
    });
    expect((await readdir(fixture.directory)).filter((name) => name.startsWith('parts-'))).toEqual([]);
  });

  it('go to few and large parts where many windows come mixed', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n): Row => [at(n % 400)]);
    const { shipped, windows: written } = await part([taken], rows, everyPrefix(grid(400)));
    expect(written).toHaveLength(400);
    expect(shipped).toBe(400);
  });
});

function holds({ from, to, isNull }: DateWindow, moment: unknown): boolean {
  if (moment === null || isNull === true) return moment === null && isNull === true;
  const micros = (bound: string): bigint => BigInt(Date.parse(`${bound}T00:00:00Z`)) * 1000n;
  const value = moment as bigint;
  return (from === undefined || value >= micros(from)) && (to === undefined || value < micros(to));
}
