import { transformedType } from '../../../engine/rows/fits.js';
import type { TransformTarget } from '../../../engine/transform/engine.js';
import { foundingDatabase, foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type BothEngines, made, said, startBothEngines } from '../../integration/glue/both-engines.js';
import { comparable, describeFoundingDay } from '../../integration/glue/founding-day.js';
import { type MatrixType, typeMatrix } from '../../support/type-matrix.js';

jest.setTimeout(300_000);

let engines: BothEngines;
beforeAll(async () => {
  const founding = foundingStyles(300).server01.slice(1).map(foundingDatabase);
  const types = { name: 'Types', snapshotIsolation: true, readCommittedSnapshot: false, tables: [] };
  engines = await startBothEngines([...founding, types]);
}, 300_000);
afterAll(() => engines?.close());

describe('a day of the founding case, nvarchar and datetime', () => {
  describeFoundingDay(() => engines, 'DatabaseB', 'datetime');
});

describe('every type with its extreme values', () => {
  /** Types of which the server gives its own hash, and one of which it has none. */
  const tablesOf: Readonly<Record<string, readonly MatrixType[]>> = {
    hashed: typeMatrix.filter(({ name }) => !/^(xml|sql_variant)$/.test(name)),
    unhashed: typeMatrix.filter(({ name }) => name === 'xml'),
  };

  it.each(Object.keys(tablesOf))('is the same by either engine, at each hop (%s)', async (table) => {
    await fill(table, tablesOf[table] ?? []);
    const embedded = await engines.embeddedExport('Types', table, {});
    const spark = made(await engines.sparkExport('Types', table, {}));
    expect(said(spark)).toEqual(said(embedded));
    expect(spark.source?.method).toBe(table === 'hashed' ? 'server' : 'reader');
    const target: TransformTarget = {
      name: table,
      columns: embedded.columns.map((column) => ({ ...column, type: transformedType(column.type) })),
      sources: [{ table }],
      chunk: { by: 'none' },
    };
    const outcomes = [
      await engines.embeddedTransform(target, { [table]: spark }),
      await engines.sparkTransform(target, { [table]: embedded }),
    ];
    for (const outcome of outcomes) expect(comparable(outcome).checksum).toEqual(embedded.checksum);
  });

  /** The first values of all types in one row, and so on; the last row is NULL. */
  function fill(table: string, types: readonly MatrixType[]): Promise<void> {
    const declared = types.map(({ name, declaration }) => `[${name}] ${declaration} NULL`);
    const rows = Array.from({ length: Math.max(...types.map(({ values }) => values.length)) + 1 }, (_, row) =>
      [row, ...types.map(({ values }) => values[row]?.literal ?? 'NULL')].join(', '),
    );
    return engines.execute('Types', [
      `CREATE TABLE dbo.${table} (id int NOT NULL PRIMARY KEY, ${declared.join(', ')})`,
      ...rows.map((values) => `INSERT INTO dbo.${table} VALUES (${values})`),
    ]);
  }
});
