import { MigrationError } from '../errors.js';
import type { Lineage } from '../transform/lineage.js';
import type { SparkTransform } from './job-request.js';
import { sparkExpression } from './spark-expression.js';
import { sparkName } from './spark-literals.js';

/**
 * A transform in the words of a job's request, as DuckDB's parser has understood it: Spark reads other SQL, and gives
 * other values for much of what both read.
 * @throws MigrationError TRANSFORM_INVALID for an expression that is not known to have equal values on both engines
 */
export function sparkTransform({ left, joins, outputs, scope }: Lineage, file: string): SparkTransform {
  const items = outputs.map(({ name, tree }) => {
    const refuse = (what: string): never => {
      throw new MigrationError(
        'TRANSFORM_INVALID',
        `${file}: ${what} in ${name} is not known to give the same values on Spark as on the embedded engine. ` +
          'Write it as docs/aws.md allows (section "Expressions on Spark"), or set "engine.transform": "embedded".',
      );
    };
    return `${sparkExpression(tree, scope, refuse).sql} AS ${sparkName(name)}`;
  });
  return {
    select: `SELECT ${items.join(', ')}`,
    left,
    joins,
    outputs: outputs.map(({ name, from }) => ({ name, ...(from !== undefined && { from }) })),
  };
}
