import type sql from 'mssql';
import { pgTypeOf } from '../../../engine/rows/pg-types.js';
import { logicalTypeOf, type SourceType } from '../../../engine/rows/type-map.js';
import { sqlFile } from '../../../engine/sql-files.js';
import type { Estate } from '../../support/estate.js';
import type { Crossing } from './crossing.js';

export const paths = ['direct', 'staged'] as const;

type Row = readonly (Crossing['values'][number] | undefined)[];
type Rows = readonly Row[];

/** The first values of all columns in one row, and so on; the last row, and what is left of a column, is NULL. */
export function rowsInParallel(columns: readonly Crossing[]): Rows {
  const most = Math.max(...columns.map(({ values }) => values.length));
  return Array.from({ length: most + 1 }, (_, place) => columns.map(({ values }) => values[place]));
}

/** Each value in a row of its own, between two rows of NULLs. */
export function rowsOneByOne(columns: readonly Crossing[]): Rows {
  const nulls: Row = columns.map(() => undefined);
  const rows = columns.flatMap(({ values }, index) => values.map((value) => nulls.with(index, value)));
  return [nulls, ...rows, nulls];
}

export async function fill(
  source: sql.ConnectionPool,
  table: string,
  columns: readonly Crossing[],
  arrange: (columns: readonly Crossing[]) => Rows,
): Promise<void> {
  const declared = columns.map(({ name, declaration }) => `[${name}] ${declaration} NULL`);
  await source
    .request()
    .batch(`CREATE TABLE dbo.${table} (id int NOT NULL PRIMARY KEY, ${declared.join(', ')})`);
  for (const [place, row] of arrange(columns).entries()) {
    const given = columns.flatMap(({ name }, index) => {
      const value = row[index];
      return value === undefined ? [] : [{ name, literal: value.literal }];
    });
    const names = ['id', ...given.map(({ name }) => name)];
    const literals = [place, ...given.map(({ literal }) => literal)];
    await source
      .request()
      .batch(`INSERT INTO dbo.${table} ([${names.join('], [')}]) VALUES (${literals.join(', ')})`);
  }
}

/** Writes a category that copies each table twice as a whole, once on each path. */
export async function writeCategory(
  estate: Estate,
  source: sql.ConnectionPool,
  category: string,
  copied: Readonly<Record<string, readonly Crossing[]>>,
  more: object = {},
): Promise<void> {
  const targets = [];
  for (const [table, columns] of Object.entries(copied)) {
    const own = await ownTypes(source, table);
    const typed = columns.map(({ name, into, policy }) => ({ name, type: into ?? own.get(name), policy }));
    for (const path of paths)
      targets.push({
        table: `${table}_${path}`,
        columns: [{ name: 'id', type: 'integer', nullable: false }, ...typed],
        primaryKey: ['id'],
        sources: [{ table }],
        path,
        chunk: { by: 'none' },
      });
  }
  estate.configure('config/server-mappings.json', (json) => ({
    ...json,
    categories: { ...(json.categories as object), [category]: Object.keys(copied) },
  }));
  estate.writeFile(`config/migration-parameters/${category}.json`, '{}');
  estate.writeFile(
    `config/categories/${category}.json`,
    JSON.stringify({ targets, attention: { wait: 0 }, ...more }),
  );
}

/** The type that the product has for each column of a source table. */
async function ownTypes(source: sql.ConnectionPool, table: string): Promise<ReadonlyMap<string, string>> {
  const describe = sqlFile('sqlserver/describe-columns.sql').replace('@object', `OBJECT_ID('dbo.${table}')`);
  const { recordset } = await source.request().batch(describe);
  return new Map(
    (recordset as unknown as readonly [string, string, number, number, number, boolean][]).map(
      ([name, typeName, maxLength, precision, scale, clr]) => {
        const type: SourceType = { typeName, maxLength, precision, scale, clr };
        return [name, pgTypeOf(logicalTypeOf(type))];
      },
    ),
  );
}
