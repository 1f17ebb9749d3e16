import { join } from 'node:path';
import type { Column } from '../../../engine/rows/types.js';
import { createDuckDbEngine } from '../../../engine/transform/duckdb-engine.js';
import type { TransformOutcome, TransformRequest } from '../../../engine/transform/engine.js';
import { columnsOf, type Fixture, type Row, somePrefix } from './fixture.js';

export const cells = columnsOf({
  cell_id: 'varchar(20)',
  seen: 'timestamp(3)',
  load: 'numeric(11,3)',
  place: 'text',
});
export const usage = columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(3)', used: 'integer' });
export const stats = columnsOf({
  cell_id: 'varchar(20)',
  seen: 'timestamp(3)',
  load: 'numeric(12,3)',
  device_id: 'varchar(20)',
  used: 'bigint',
});
export const select = 'SELECT c.cell_id, c.seen, c.load, u.device_id, u.used FROM cells c';
export const on = 'ON c.cell_id = u.device_id AND c.seen = u.seen';
export const leftJoin = `${select} LEFT JOIN usage u ${on}`;

export const day = 1_735_689_600_000_000n;
export const last = day + 86_399_997_000n;
export const left: readonly Row[] = [
  ['a', day, 1500n, 'x'],
  ['a', last, -99_999_999_999n, ''],
  ['b', day, null, null],
  ['', day, 0n, '\t\n\\N \\.'],
  [null, day, 99_999_999_999n, 'Zürich 😀'],
];
export const right: readonly Row[] = [
  ['a', day, 7],
  ['', day, null],
  [null, day, 1],
  ['z', day, 9],
];

export interface Case {
  readonly sql?: string;
  readonly left?: readonly Row[];
  readonly right?: readonly Row[];
  readonly columns?: readonly Column[];
  readonly joinKeys?: 'exact' | 'casefold_rtrim';
  readonly chunkBy?: 'date' | 'none';
  readonly request?: Partial<TransformRequest>;
}

export async function runTransform(fixture: Fixture, given: Case): Promise<TransformOutcome> {
  const { bucket, duckdb, directory } = fixture;
  const cellRows = given.left ?? left;
  const partRows = Math.max(2, cellRows.length / 4);
  const sources = [{ table: 'cells', manifest: await fixture.write(cells, cellRows, { partRows }), bucket }];
  if (given.sql?.includes('usage')) {
    sources.push({
      table: 'usage',
      manifest: await fixture.write(usage, given.right ?? right, { partRows: 3 }),
      bucket,
    });
  }
  return createDuckDbEngine({ duckdb, scratchDirectory: join(directory, 'scratch') }).transform({
    target: {
      name: 'stats',
      columns: given.columns ?? stats,
      sources: sources.map(({ table }) => ({ table, chunkColumn: 'seen' })),
      chunk: { by: given.chunkBy ?? 'date' },
      ...(given.sql ? { transform: { file: 'stats.sql', sql: given.sql } } : {}),
    },
    sources,
    output: { bucket, prefix: somePrefix(), attempt: 'one' },
    partRows: 100_000,
    ...(given.joinKeys ? { joinKeys: given.joinKeys } : {}),
    signal: new AbortController().signal,
    ...given.request,
  });
}
