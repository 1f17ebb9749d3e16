import { MigrationError } from '../errors.js';
import type { Lineage } from '../transform/lineage.js';
import type { SparkTransform } from './job-request.js';

const upToFrom = /^(.*\S)\s+FROM[\s(]*$/is;

/**
 * A transform in the words of a job's request: the select list as the file has it, as Spark does not read DuckDB's
 * rendering; the joins as the engine has understood them.
 * @throws MigrationError TRANSFORM_INVALID for a file that puts its FROM first, or a comment behind the word
 */
export function sparkTransform({ head, left, joins, outputs }: Lineage, file: string): SparkTransform {
  const [, select] = upToFrom.exec(head) ?? [];
  if (select === undefined)
    throw new MigrationError(
      'TRANSFORM_INVALID',
      `${file}: Spark needs SELECT … FROM <table>, with no comment between FROM and the table. Write it so, or set ` +
        '"engine": "embedded".',
    );
  return { select, left, joins, outputs };
}
