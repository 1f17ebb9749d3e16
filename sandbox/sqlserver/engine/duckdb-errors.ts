import { unsupported, updateConflict } from './errors.js';
import { SqlServerError } from './types.js';

const integerNames: Readonly<Record<string, string>> = {
  INT8: 'tinyint',
  UINT8: 'tinyint',
  INT16: 'smallint',
  INT32: 'int',
  INT64: 'bigint',
  BOOL: 'bit',
};

type Rule = readonly [pattern: RegExp, make: (match: RegExpExecArray) => SqlServerError];

const overflow = (): SqlServerError =>
  new SqlServerError(8115, 'Arithmetic overflow error converting expression to data type.', 16, 2);

const rules: readonly Rule[] = [
  [/tsql:8134/, () => new SqlServerError(8134, 'Divide by zero error encountered.')],
  [
    /tsql:241|invalid (?:timestamp|date|time) field format|(?:timestamp|date|time) field value out of range|Could not parse string/i,
    () =>
      new SqlServerError(241, 'Conversion failed when converting date and/or time from character string.'),
  ],
  [
    /tsql:242 (\w+) (\w+)/,
    (m) =>
      new SqlServerError(
        242,
        `The conversion of a ${m[1]} data type to a ${m[2]} data type resulted in an out-of-range value.`,
        16,
        3,
      ),
  ],
  [
    /tsql:2628/,
    () =>
      new SqlServerError(2628, 'String or binary data would be truncated in a column of the target table.'),
  ],
  [
    /Could not convert string '([\s\S]*)' to (U?INT\d+|BOOL)/,
    (m) =>
      new SqlServerError(
        245,
        `Conversion failed when converting the varchar value '${m[1]}' to data type ${integerNames[m[2] ?? ''] ?? 'int'}.`,
      ),
  ],
  [
    /Could not convert string .*to (?:DECIMAL|HUGEINT)/s,
    () => new SqlServerError(8114, 'Error converting data type varchar to numeric.', 16, 5),
  ],
  [
    /Could not convert string .* to (?:DOUBLE|FLOAT)/s,
    () => new SqlServerError(8114, 'Error converting data type varchar to float.', 16, 5),
  ],
  [/Out of Range Error|out of range|Could not cast value|Overflow/i, overflow],
  [
    /NOT NULL constraint failed: (.*)\.([^.\n]+)/,
    (m) =>
      new SqlServerError(
        515,
        `Cannot insert the value NULL into column '${m[2]}', table '${m[1]}'; column does not allow nulls. The statement has failed.`,
        16,
        2,
      ),
  ],
  [
    /Conflict on (?:update|tuple deletion)|write-write conflict|TransactionContext Error: Catalog write/i,
    updateConflict,
  ],
  [
    /transaction is aborted/i,
    () =>
      new SqlServerError(
        3930,
        'The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.',
      ),
  ],
  [
    /More than one row returned by a subquery/,
    () =>
      new SqlServerError(
        512,
        'Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.',
      ),
  ],
  [
    /Out of Memory Error/,
    () => new SqlServerError(701, 'There is insufficient system memory to run this query.', 17, 123),
  ],
];

/**
 * The error SQL Server would have raised where DuckDB failed. What is not known is reported as unsupported with
 * DuckDB's kind of error, so that a gap in the translation shows as one.
 */
export function fromDuckDb(error: unknown): SqlServerError {
  if (error instanceof SqlServerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, make] of rules) {
    const match = pattern.exec(message);
    if (match) return make(match);
  }
  return unsupported(`this statement (${message.split('\n')[0]})`);
}
