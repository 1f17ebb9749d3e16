import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { batchOf, rowsOf } from '../../../engine/rows/cells.js';
import { createConverter } from '../../../engine/rows/convert/converter.js';
import { losslessInto } from '../../../engine/rows/fits.js';
import { PackedRows } from '../../../engine/rows/packed-rows.js';
import type { Cell, Column, LogicalType, TimePrecision } from '../../../engine/rows/types.js';
import { checkTransform } from '../../../engine/transform/check-transform.js';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb.js';
import { writeParquet } from '../../../engine/transform/parquet-file.js';
import { readParquet } from '../../../engine/transform/part-reader.js';
import { anyColumnCells } from '../../support/arbitrary-rows.js';

const { signal } = new AbortController();
const digits: readonly TimePrecision[] = [0, 1, 3, 6, 7];
const precisions: readonly (readonly [precision: number, scale: number])[] = [
  [1, 0],
  [1, 1],
  [4, 0],
  [9, 2],
  [10, 0],
  [11, 3],
  [18, 0],
  [19, 4],
  [25, 5],
  [38, 0],
  [38, 38],
];

/** Of every kind, with each layout in memory and the widths around its limits. */
const types: readonly LogicalType[] = [
  { kind: 'bool' },
  ...([8, 16, 32, 64] as const).map((bits) => ({ kind: 'int' as const, bits })),
  ...precisions.map(([precision, scale]) => ({ kind: 'decimal' as const, precision, scale })),
  ...([32, 64] as const).map((bits) => ({ kind: 'float' as const, bits })),
  { kind: 'date' },
  ...(['time', 'timestamp', 'offsetTimestamp'] as const).flatMap((kind) =>
    digits.map((precision) => ({ kind, precision })),
  ),
  ...([0, 3, 6] as const).map((precision) => ({ kind: 'instant' as const, precision })),
  { kind: 'uuid' },
  { kind: 'text' },
  { kind: 'text', maxLength: 50 },
  { kind: 'bytes' },
  { kind: 'bytes', maxLength: 50 },
];

const column = (type: LogicalType, name = 'v'): Column => ({ name, type, nullable: true });
const shown = ({ kind, ...details }: LogicalType) => [kind, ...Object.values(details)].join(' ');

let directory: string;
let duckdb: DuckDb;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'casts-'));
  duckdb = await openDuckDb({ memoryLimit: '200MB', threads: 1, spillDirectory: directory });
});
afterAll(async () => {
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});

/** The types into which a transform may pass on a column of type `from`. */
async function acceptedFrom(from: LogicalType): Promise<readonly LogicalType[]> {
  const columns = types.map((type, index) => column(type, `c${index}_`));
  const sql = `SELECT ${columns.map(({ name }) => `v AS ${name}`).join(', ')} FROM source`;
  const target = { name: 'all', columns, sources: [{ table: 'source' }], chunk: { by: 'none' as const } };
  const checking = checkTransform(
    duckdb,
    { ...target, transform: { file: 'all.sql', sql } },
    [{ table: 'source', columns: [column(from)] }],
    signal,
  );
  const error: unknown = await checking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'TARGET_SHAPE' });
  return types.filter((_, index) => !String(error).includes(`column c${index}_ is `));
}

/** What DuckDB's casts make of the cells of a part, by the type that each is cast to. */
async function castCells(from: LogicalType, cells: readonly Cell[], to: readonly LogicalType[]) {
  const path = join(directory, 'part.parquet');
  const packed = new PackedRows([column(from)]);
  const session = await duckdb.openSession(signal);
  try {
    const given = cells.map((cell) => [cell]);
    packed.append(batchOf([column(from)], given), { from: 0, count: cells.length, ordinal: 0 });
    await writeParquet(session, packed, path);
    await session.run('SET SESSION preserve_insertion_order = true');
    const columns = to.map((type) => column(type));
    for await (const batch of readParquet(session, path, columns)) {
      const rows = rowsOf(columns, batch);
      return to.map((_, index) => rows.map((row) => row[index]));
    }
    return [];
  } finally {
    session.close();
  }
}

/** What the product's own converter makes of them; a type that PostgreSQL lacks takes only its like, unchanged. */
function converted(from: LogicalType, cells: readonly Cell[], to: LogicalType): readonly Cell[] {
  if (to.kind === 'offsetTimestamp' || ('precision' in to && to.kind !== 'decimal' && to.precision === 7)) {
    expect(from).toEqual(to);
    return cells;
  }
  const given = batchOf(
    [column(from)],
    cells.map((cell) => [cell]),
  );
  const { batch, poison } = createConverter([column(from)], [column(to)]).convert(given);
  expect(poison.size).toBe(0);
  return rowsOf([column(to)], batch).map(([cell = null]) => cell);
}

describe('a column that a transform passes on', () => {
  it.each(types.map((type) => [shown(type), type] as const))(
    'from %s comes out as a plain copy would convert it, or is refused',
    async (_, from) => {
      const accepted = await acceptedFrom(from);
      expect(accepted).toContainEqual(from);
      expect(accepted.filter((to) => !losslessInto(from, to))).toEqual([]);
      const samples = fc.sample(anyColumnCells(from, 60), { seed: 5, numRuns: 3 });
      for (const cells of samples) {
        const found = await castCells(from, cells, accepted);
        for (const [index, to] of accepted.entries())
          expect([shown(to), found[index]]).toEqual([shown(to), converted(from, cells, to)]);
      }
    },
  );

  it.each<[LogicalType, LogicalType]>([
    [{ kind: 'text' }, { kind: 'bytes' }],
    [
      { kind: 'time', precision: 3 },
      { kind: 'time', precision: 6 },
    ],
    [
      { kind: 'timestamp', precision: 6 },
      { kind: 'timestamp', precision: 7 },
    ],
    [
      { kind: 'offsetTimestamp', precision: 3 },
      { kind: 'offsetTimestamp', precision: 7 },
    ],
    [
      { kind: 'offsetTimestamp', precision: 3 },
      { kind: 'instant', precision: 6 },
    ],
  ])(
    'is refused from %j into %j, though nothing would be lost: a CAST gives another form',
    async (from, to) => {
      expect(losslessInto(from, to)).toBe(true);
      expect(await acceptedFrom(from)).not.toContainEqual(to);
    },
  );
});
