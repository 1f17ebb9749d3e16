import sql from 'mssql';
import { MigrationError } from '../errors.js';
import { quoteTsql } from '../rows/checksum-tsql.js';

/**
 * A parameter of a statement. Dates travel as text (`varchar(27)`) and are converted in T-SQL to the column's own
 * type: exact, free of the driver's conversions, and still a seek.
 */
export interface SqlParameter {
  /** Without the leading `@`. */
  readonly name: string;
  /** `int`, `varchar(n)` or `nvarchar(n)`: the type compared with, as another one would lose the seek. */
  readonly sqlType: string;
  readonly value: string | number | null;
}

/** `@qualified`, quoted: two names of 128 characters, each of which may be a bracket that is doubled. */
export function qualifiedName(schema: string, table: string): SqlParameter {
  return {
    name: 'qualified',
    sqlType: 'nvarchar(517)',
    value: `${quoteTsql(schema)}.${quoteTsql(table)}`,
  };
}

/**
 * Adds parameters to a request.
 * @throws MigrationError INTERNAL for a type that the reader does not bind
 */
export function bindParameters(request: sql.Request, params: readonly SqlParameter[]): void {
  for (const param of params) request.input(param.name, driverType(param.sqlType), param.value);
}

function driverType(sqlType: string): sql.ISqlType {
  const [, name, length] = /^(int|varchar|nvarchar)(?:\((\d{1,4})\))?$/.exec(sqlType) ?? [];
  if (name === 'int') return sql.Int();
  if (name === 'varchar' && length !== undefined) return sql.VarChar(Number(length));
  if (name === 'nvarchar' && length !== undefined) return sql.NVarChar(Number(length));
  throw new MigrationError('INTERNAL', `Parameters of type ${sqlType} are not bound by the reader.`);
}
