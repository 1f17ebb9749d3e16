import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const file = 'sql/transform/cell_perf_stats.sql';

/** The SELECT of the founding join over tables of the sources' names; Spark and PostgreSQL take it as it is. */
export function foundingJoin(): string {
  return readFileSync(resolve(__dirname, '..', file), 'utf8').replaceAll(/^--.*\n/gm, '');
}

interface FoundingCategory {
  readonly targets: readonly [
    {
      readonly columns: readonly {
        readonly name: string;
        readonly type: string;
        readonly nullable?: boolean;
      }[];
      readonly primaryKey: readonly string[];
    },
  ];
}

/** What the founding category says of its one target: its columns as PostgreSQL has them, and its key. */
export function foundingTarget(): FoundingCategory['targets'][0] {
  const text = readFileSync(resolve(__dirname, '../config/categories/cell_perf_stats.json'), 'utf8');
  return (JSON.parse(text) as FoundingCategory).targets[0];
}
