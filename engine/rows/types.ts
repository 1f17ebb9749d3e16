/**
 * The types a value can have between SQL Server and PostgreSQL. Every source type maps to one of these
 * (`type-map.ts`); every hop's checksum is defined over them, so that all sides agree.
 */
export type LogicalType =
  | { readonly kind: 'bool' }
  /** Signed, except bits 8, which is SQL Server's unsigned tinyint. */
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64 }
  /** precision 1..38, scale 0..precision. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** IEEE 754; told apart by their bits, so that -0 is not 0. */
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'date' }
  /** Time of day; precision = fractional digits. */
  | { readonly kind: 'time'; readonly precision: TimePrecision }
  /** Wall-clock time without zone. */
  | { readonly kind: 'timestamp'; readonly precision: TimePrecision }
  /** Wall-clock time with its offset from UTC: datetimeoffset. */
  | { readonly kind: 'offsetTimestamp'; readonly precision: TimePrecision }
  /** A point in time, whose offset is not kept: PostgreSQL's timestamptz. Never a source's type. */
  | { readonly kind: 'instant'; readonly precision: 0 | 1 | 2 | 3 | 4 | 5 | 6 }
  | { readonly kind: 'uuid' }
  /** UTF-8 text; maxLength in characters, absent for unbounded. Trailing blanks are data. */
  | { readonly kind: 'text'; readonly maxLength?: number }
  /** maxLength in bytes, absent for unbounded. */
  | { readonly kind: 'bytes'; readonly maxLength?: number };

export type TimePrecision = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface Column {
  readonly name: string;
  readonly type: LogicalType;
  readonly nullable: boolean;
}

/**
 * One cell, exact, where single values are looked at; rows move in `ColumnBatch`es. By logical kind: bool -> boolean;
 * int 8..32 and float -> number; int 64 -> bigint; decimal -> bigint, unscaled (1.500 at scale 3 is 1500n); date ->
 * number of days since 1970-01-01; timestamp 0..6 and instant -> bigint microseconds since 1970-01-01 00:00:00 (of the
 * same wall clock, of UTC); bytes -> Uint8Array; all others -> string: their text (see `layoutOf`).
 */
export type Cell = boolean | number | bigint | string | Uint8Array | null;

/** Order-independent checksum of a set of rows; see docs/checksums.md. Mergeable by adding. */
export interface SetChecksum {
  readonly rows: number;
  /** Sum modulo 2^64 of the rows' 64-bit hashes, 16 lower-case hex digits. */
  readonly sum: string;
}
