import type { SqlType } from './types.js';

/** Everything a SQL Server stand-in is made of: who may log in, which databases, which tables, which rows. */
export interface ServerDefinition {
  readonly name: string;
  readonly logins: readonly { readonly user: string; readonly password: string }[];
  readonly databases: readonly DatabaseDefinition[];
  /** Directory for the DuckDB files (a second start finds them filled), or ':memory:', the default. */
  readonly storage?: string;
  /** SERVERPROPERTY('ProductVersion'), default 16.0.4135.4. */
  readonly productVersion?: string;
  /** What logins may not do; everything else they may. */
  readonly deny?: readonly DenyDefinition[];
}

export interface DenyDefinition {
  readonly login: string;
  readonly permission: 'SELECT' | 'UNMASK' | 'VIEW DEFINITION' | 'VIEW DATABASE STATE';
  /** `dbo.t`, for SELECT on one table; absent: in every database. */
  readonly on?: string;
}

export interface DatabaseDefinition {
  readonly name: string;
  /** Default SQL_Latin1_General_CP1_CI_AS. */
  readonly collation?: string;
  readonly snapshotIsolation: boolean;
  readonly readCommittedSnapshot: boolean;
  /** Default 160. */
  readonly compatibilityLevel?: number;
  readonly tables: readonly TableDefinition[];
}

export interface TableDefinition {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
  readonly indexes?: readonly IndexDefinition[];
  /** True adds an enabled security policy with a FILTER predicate to the catalog views. */
  readonly rowLevelSecurity?: boolean;
  /**
   * Makes it a view in the catalog, which names these objects and columns. Its rows are those of `fill`, and it has
   * neither key nor index.
   */
  readonly viewOf?: readonly ReferenceDefinition[];
  /**
   * DuckDB SQL (a query) that yields the table's columns in order; run once, when the table is created. It runs
   * with the database itself as current schema, so an earlier table of it is `"schema"."table"`.
   */
  readonly fill?: string;
}

export interface ReferenceDefinition {
  /** Another database, by a three-part name. */
  readonly database?: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /** Dynamic data masking function, as in sys.masked_columns: `default()`. */
  readonly maskedWith?: string;
  /** Always Encrypted: 1 deterministic, 2 randomized in sys.columns.encryption_type. */
  readonly encrypted?: 'deterministic' | 'randomized';
}

interface IndexDefinition {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique?: boolean;
}
