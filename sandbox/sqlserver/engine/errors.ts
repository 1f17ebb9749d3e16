import { SqlServerError } from './types.js';

/** Texts of sys.messages; one function per message, so that number and text cannot part. */
export const unsupported = (what: string): SqlServerError =>
  new SqlServerError(40515, `The sandbox does not support ${what}.`);

export const notOffered = (from: string, to: string): SqlServerError =>
  unsupported(`conversion from ${from} to ${to}`);

export const syntaxError = (near: string, line: number): SqlServerError =>
  new SqlServerError(102, `Incorrect syntax near '${near}'.`, 15, 1, line);

export const invalidColumn = (name: string): SqlServerError =>
  new SqlServerError(207, `Invalid column name '${name}'.`);

export const invalidObject = (name: string): SqlServerError =>
  new SqlServerError(208, `Invalid object name '${name}'.`);

export const ambiguousColumn = (name: string): SqlServerError =>
  new SqlServerError(209, `Ambiguous column name '${name}'.`);

export const unboundIdentifier = (name: string): SqlServerError =>
  new SqlServerError(4104, `The multi-part identifier "${name}" could not be bound.`);

export const undeclaredVariable = (name: string): SqlServerError =>
  new SqlServerError(137, `Must declare the scalar variable "${name}".`, 15, 2);

export const notInGroupBy = (name: string): SqlServerError =>
  new SqlServerError(
    8120,
    `Column '${name}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.`,
  );

export const unknownFunction = (name: string): SqlServerError =>
  new SqlServerError(195, `'${name}' is not a recognized built-in function name.`, 15, 10);

export const argumentCount = (name: string, count: string): SqlServerError =>
  new SqlServerError(174, `The ${name} function requires ${count} argument(s).`, 15, 1);

export const invalidArgumentType = (type: string, position: number, name: string): SqlServerError =>
  new SqlServerError(
    8116,
    `Argument data type ${type} is invalid for argument ${position} of ${name} function.`,
  );

export const operandClash = (left: string, right: string): SqlServerError =>
  new SqlServerError(206, `Operand type clash: ${left} is incompatible with ${right}`);

export const conversionNotAllowed = (from: string, to: string): SqlServerError =>
  new SqlServerError(529, `Explicit conversion from data type ${from} to ${to} is not allowed.`);

export const unknownType = (name: string): SqlServerError =>
  new SqlServerError(243, `Type ${name} is not a defined system type.`, 16, 1);

export const collationConflict = (left: string, right: string): SqlServerError =>
  new SqlServerError(
    468,
    `Cannot resolve the collation conflict between "${left}" and "${right}" in the comparison operation.`,
    16,
    9,
  );

export const invalidCollation = (name: string): SqlServerError =>
  new SqlServerError(448, `Invalid collation '${name}'.`);

export const unknownDatabase = (name: string): SqlServerError =>
  new SqlServerError(911, `Database '${name}' does not exist. Make sure that the name is entered correctly.`);

export const unknownProcedure = (name: string): SqlServerError =>
  new SqlServerError(2812, `Could not find stored procedure '${name}'.`, 16, 62);

export const noTransaction = (statement: 'COMMIT' | 'ROLLBACK'): SqlServerError =>
  new SqlServerError(
    statement === 'COMMIT' ? 3902 : 3903,
    `The ${statement} TRANSACTION request has no corresponding BEGIN TRANSACTION.`,
  );

export const snapshotNotAllowed = (database: string): SqlServerError =>
  new SqlServerError(
    3952,
    `Snapshot isolation transaction failed accessing database '${database}' because snapshot isolation is not allowed in this database. Use ALTER DATABASE to allow snapshot isolation.`,
  );

export const snapshotStartedOtherwise = (database: string): SqlServerError =>
  new SqlServerError(
    3951,
    `Transaction failed in database '${database}' because the statement was run under snapshot isolation but the transaction did not start in snapshot isolation. You cannot change the isolation level of the transaction to snapshot after the transaction has started unless the transaction was originally started under snapshot isolation level.`,
  );

export const updateConflict = (): SqlServerError =>
  new SqlServerError(
    3960,
    'Snapshot isolation transaction aborted due to update conflict. Retry the transaction or change the isolation level for the update/delete statement.',
    16,
    2,
  );

export const duplicateKey = (constraint: string, table: string): SqlServerError =>
  new SqlServerError(
    2627,
    `Violation of PRIMARY KEY constraint '${constraint}'. Cannot insert duplicate key in object '${table}'.`,
    14,
  );

export const permissionDenied = (permission: string, database: string): SqlServerError =>
  new SqlServerError(262, `${permission} permission denied in database '${database}'.`, 14);

export const selectDenied = (table: string, database: string, schema: string): SqlServerError =>
  new SqlServerError(
    229,
    `The SELECT permission was denied on the object '${table}', database '${database}', schema '${schema}'.`,
    14,
    5,
  );

export const loginFailed = (user: string): SqlServerError =>
  new SqlServerError(18456, `Login failed for user '${user}'.`, 14);

export const cannotOpenDatabase = (database: string): SqlServerError =>
  new SqlServerError(
    4060,
    `Cannot open database "${database}" requested by the login. The login failed.`,
    11,
  );
