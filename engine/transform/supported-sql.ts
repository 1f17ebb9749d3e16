import { MigrationError } from '../errors.js';
import { type Ast, type AstNode, list, node, text, walk } from './sql-ast.js';

const supported =
  'Supported now: one SELECT of named columns and expressions FROM a source table, LEFT or INNER JOINs of ' +
  'source tables ON equal columns (with AND), and no WITH, UNION, subquery, aggregate, window, WHERE, GROUP BY, ' +
  'DISTINCT, ORDER BY, LIMIT, * or USING';

export function invalid(file: string, what: string): MigrationError {
  return new MigrationError('TRANSFORM_INVALID', `${file}: ${what}.`);
}

export function unsupported(file: string, what: string): MigrationError {
  return invalid(file, `${what} is not supported. ${supported}`);
}

const expressions: ReadonlySet<Ast | undefined> = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
]);

/**
 * The functions that give the same value on each run: no clock, setting, random number or aggregate. Those of which
 * Spark gives the same value as well are in `engine/glue/spark-functions.ts`. A list of what is refused would have holes: DuckDB says
 * CONSISTENT of age(timestamp) and current_localtimestamp(), and nothing at all of macros such as ago().
 */
export const functions: ReadonlySet<string> = new Set(
  [
    'lower upper trim ltrim rtrim length substring substr left right lpad rpad repeat replace reverse translate',
    'split_part instr position contains concat_ws ascii chr md5',
    'abs ceil ceiling floor round sign sqrt exp ln log10 power pow mod greatest least nullif',
    'year quarter month day hour minute second dayofmonth dayofyear weekofyear date_part date_trunc last_day make_date',
  ].flatMap((names) => names.split(' ')),
);

/** What DuckDB's parser makes of operators, LIKE and INTERVAL. */
const operators: ReadonlySet<string> = new Set(
  [
    '+ - * / % || & | ~~ !~~ ~~* !~~* like_escape not_like_escape ilike_escape not_ilike_escape',
    'trunc to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds',
  ].flatMap((names) => names.split(' ')),
);

/**
 * Refuses all but one plain SELECT of expressions that mean one row, the same on each run. With joins to the left
 * only, each row that comes out stands for a row of the first table: where that is empty, nothing comes out.
 */
export function refuseUnsupported(select: AstNode, file: string): void {
  if (select.type !== 'SELECT_NODE') throw unsupported(file, text(select.type).replace('_NODE', ''));
  if (list(node(select.cte_map).map).length > 0) throw unsupported(file, 'WITH');
  for (const modifier of list(select.modifiers)) {
    throw unsupported(file, text(node(modifier).type).replace('_MODIFIER', ''));
  }
  if (select.where_clause) {
    throw unsupported(
      file,
      'WHERE (conditions on rows belong in source_filter_<table>, where the plan counts them)',
    );
  }
  for (const clause of ['having', 'qualify', 'sample']) {
    if (select[clause]) throw unsupported(file, clause.toUpperCase());
  }
  if (list(select.group_expressions).length > 0 || select.aggregate_handling !== 'STANDARD_HANDLING') {
    throw unsupported(file, 'GROUP BY');
  }
  for (const expression of walk(select.select_list)) refuseExpression(expression, file);
}

function refuseExpression(expression: AstNode, file: string): void {
  const { class: kind, type } = expression;
  const name = text(expression.function_name).toLowerCase();
  if (kind === undefined) return;
  if (kind === 'STAR') throw unsupported(file, '*');
  if (!expressions.has(kind) || type === 'GROUPING_FUNCTION') {
    throw unsupported(file, `a ${text(kind).toLowerCase()}`);
  }
  if (kind === 'CAST' && JSON.stringify(expression.cast_type).includes('WITH TIME ZONE')) {
    throw unsupported(file, "a type WITH TIME ZONE (its values depend on the worker's time zone)");
  }
  if (kind === 'FUNCTION' && !functions.has(name) && !operators.has(name)) {
    throw unsupported(
      file,
      `the function ${name} (docs/transform.md lists those that are; no aggregates, no clocks)`,
    );
  }
}
