/**
 * The seam between the TDS protocol (`../tds`) and the T-SQL engine over DuckDB (this folder): the protocol
 * knows bytes and tokens, the engine knows SQL, and these types are all that both know.
 */
export type SqlType =
  | { readonly name: 'bit' | 'tinyint' | 'smallint' | 'int' | 'bigint' | 'float' | 'real' }
  | { readonly name: 'date' | 'datetime' | 'smalldatetime' | 'uniqueidentifier' }
  | { readonly name: 'datetime2' | 'time' | 'datetimeoffset'; readonly scale: number }
  | {
      readonly name: 'decimal';
      readonly precision: number;
      readonly scale: number;
      /** The same type under its other name, which the catalog and the wire tell apart. */
      readonly synonym?: 'numeric';
    }
  | { readonly name: 'money' | 'smallmoney' | 'rowversion' | 'image' | 'xml' | 'sql_variant' }
  | { readonly name: 'hierarchyid' | 'geography' | 'geometry' }
  | { readonly name: 'text' | 'ntext'; readonly collation: string }
  /** length in bytes for char/varchar/binary, in UTF-16 units for nchar/nvarchar; 'max' for PLP. */
  | {
      readonly name: 'char' | 'varchar' | 'nchar' | 'nvarchar';
      readonly length: number | 'max';
      readonly collation: string;
    }
  | { readonly name: 'binary' | 'varbinary'; readonly length: number | 'max' };

/**
 * A cell as DuckDB's vectors hold it: boolean (bit), number (tinyint..int, float, real; date as days since
 * 1970-01-01), bigint (bigint; decimal and money unscaled; datetime*, time as microseconds since 1970-01-01 /
 * midnight), string (char types, text, xml; uniqueidentifier in upper-case text; datetimeoffset, datetime2(7) and time(7)
 * as `../clock` writes them; sql_variant as `variant` does), Uint8Array (binary, image, rowversion, UDTs), or null.
 */
export type Cell = boolean | number | bigint | string | Uint8Array | null;

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
}

/** One statement's outcome, streamed. `rows` is column-major and bounded (a DuckDB chunk, 2,048 rows). */
export type ResultEvent =
  | { readonly kind: 'columns'; readonly columns: readonly ResultColumn[] }
  | { readonly kind: 'rows'; readonly count: number; readonly columns: readonly (readonly Cell[])[] }
  /** Rows as the tokens that the protocol would make of them, made before: see `../recorded`. */
  | { readonly kind: 'encoded'; readonly bytes: Uint8Array }
  /** End of one statement; `rows` is its count where it has one (SELECT, INSERT, UPDATE, DELETE). */
  | {
      readonly kind: 'done';
      readonly rows?: number;
      readonly command: 'select' | 'insert' | 'update' | 'delete' | 'other';
    }
  | { readonly kind: 'info'; readonly number: number; readonly message: string }
  /** The session changed database (USE); the protocol answers with ENVCHANGE. */
  | { readonly kind: 'database'; readonly name: string };

export interface Parameter {
  readonly name: string;
  readonly type: SqlType;
  readonly value: Cell;
}

/** A call of a stored procedure; arguments go by name, or by place where they have none. */
export interface ProcedureCall {
  /** Lower-case, without schema. */
  readonly procedure: string;
  /** In whose context it runs, where the call names one. */
  readonly database?: string;
  readonly parameters: readonly Parameter[];
}

export const isolationLevels = [
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
  'SNAPSHOT',
] as const;
export type IsolationLevel = (typeof isolationLevels)[number];

/** One login's session. Statements of one session run one after another. */
export interface SqlSession {
  readonly database: string;
  /** Runs a batch, streaming; throws SqlServerError. Stops within milliseconds when `signal` aborts. */
  execute(sql: string, parameters: readonly Parameter[], signal: AbortSignal): AsyncIterable<ResultEvent>;
  /** Runs a system procedure and gives its return status; throws SqlServerError 2812 for one that is not known. */
  call(call: ProcedureCall): Promise<number>;
  begin(isolation: IsolationLevel | undefined): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Open transaction count (0 or 1), for the descriptor in ENVCHANGE. */
  readonly transactionCount: number;
  close(): Promise<void>;
}

export interface SqlServerEngine {
  /** Throws SqlServerError 18456 (bad login) or 4060 (database). */
  login(credentials: {
    readonly user: string;
    readonly password: string;
    readonly database: string | undefined;
    readonly applicationName: string;
    readonly hostName: string;
  }): Promise<SqlSession>;
  close(): Promise<void>;
}

/** An error as SQL Server reports it; numbers and texts are those of sys.messages. */
export class SqlServerError extends Error {
  constructor(
    readonly number: number,
    message: string,
    readonly severity = 16,
    readonly state = 1,
    readonly line = 1,
  ) {
    super(message);
    this.name = 'SqlServerError';
  }
}
