import { undeclaredVariable } from '../errors.js';
import type { Cell, SqlType } from '../types.js';
import type { Env } from './env.js';
import { type Expr, literal } from './expr.js';

/** `@@VERSION` and its like; throws 137 for one that is not known. */
export function globalVariable(name: string, env: Env): Expr {
  const text = (length: number): SqlType => ({ name: 'nvarchar', length, collation: env.database.collation });
  const int: SqlType = { name: 'int' };
  const variables: Readonly<Record<string, () => readonly [Cell, SqlType]>> = {
    MAX_PRECISION: () => [38, { name: 'tinyint' }],
    SPID: () => [env.facts.id, { name: 'smallint' }],
    TRANCOUNT: () => [env.facts.transactionCount, int],
    ROWCOUNT: () => [env.facts.rowCount, int],
    ERROR: () => [0, int],
    DATEFIRST: () => [7, { name: 'tinyint' }],
    LOCK_TIMEOUT: () => [-1, int],
    TEXTSIZE: () => [2147483647, int],
    LANGUAGE: () => ['us_english', text(128)],
    SERVERNAME: () => [env.server.name, text(128)],
    SERVICENAME: () => ['MSSQLSERVER', text(128)],
    VERSION: () => [versionText(env.server.productVersion), text(300)],
  };
  const found = variables[name.toUpperCase()]?.();
  if (!found) throw undeclaredVariable(`@@${name}`);
  return literal(...found);
}

const years: Readonly<Record<string, string>> = { '13': '2016', '14': '2017', '15': '2019', '16': '2022' };

const versionText = (version: string): string =>
  `Microsoft SQL Server ${years[version.split('.')[0] ?? ''] ?? '2022'} (sandbox stand-in) - ${version} (X64)`;
