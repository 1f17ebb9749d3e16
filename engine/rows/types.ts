/**
 * The types a value can have between SQL Server and PostgreSQL. Every source type maps to one of these
 * (`type-map.ts`); every hop's checksum is defined over them (`canonical-*.ts`), so that all sides agree.
 */
export type LogicalType =
  | { readonly kind: 'bool' }
  /** Signed, except bits 8, which is SQL Server's unsigned tinyint. */
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64 }
  /** precision 1..38, scale 0..precision. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'date' }
  /** Wall-clock time without zone; precision = fractional digits, 0..6. */
  | { readonly kind: 'timestamp'; readonly precision: 0 | 1 | 2 | 3 | 4 | 5 | 6 }
  /** UTF-8 text; maxLength in characters, absent for unbounded. Trailing blanks are data. */
  | { readonly kind: 'text'; readonly maxLength?: number };

export interface Column {
  readonly name: string;
  readonly type: LogicalType;
  readonly nullable: boolean;
}

/**
 * One cell, exact. By logical kind: bool -> boolean; int 8..32 -> number; int 64 -> bigint;
 * decimal -> bigint, unscaled (1.500 at scale 3 is 1500n); date -> number of days since 1970-01-01;
 * timestamp -> bigint microseconds since 1970-01-01 00:00:00 of the same wall clock; text -> string.
 */
export type Cell = boolean | number | bigint | string | null;

/** Column-major rows: `columns[i][r]` is row r of the i-th column. Bounded by the reader's batch size. */
export interface RowBatch {
  readonly rows: number;
  readonly columns: readonly (readonly Cell[])[];
}

/** Order-independent checksum of a set of rows; see docs/checksums.md. Mergeable by adding. */
export interface SetChecksum {
  readonly rows: number;
  /** Sum modulo 2^64 of the rows' 64-bit hashes, 16 lower-case hex digits. */
  readonly sum: string;
}
