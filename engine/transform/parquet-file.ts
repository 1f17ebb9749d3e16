import { MigrationError } from '../errors.js';
import { createRowHasher } from '../rows/hash/row-hasher.js';
import type { PackedRows } from '../rows/packed-rows.js';
import type { Column, SetChecksum } from '../rows/types.js';
import type { DuckDbSession } from './duckdb.js';
import { readParquet } from './part-reader.js';
import { digestDuckdb, rowHashDuckdb } from './row-digest.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';

/** Each thread that writes a file, and each that reads one, has a row group in memory: with 8 MB joins failed that fit with 4. */
export const parquetOptions = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '4MB'";

/** Rows, and the sum of their hashes by DuckDB. */
export interface RowsDigest {
  readonly rows: number;
  readonly sum: bigint;
}

/** Writes rows into a Parquet file and reads it back. Throws CHECKSUM_EXPORT where it does not hold them. */
export async function writeParquet(session: DuckDbSession, packed: PackedRows, path: string): Promise<void> {
  const { columns } = packed;
  const list = columns.map(({ name }) => quoteDuckdb(name)).join(', ');
  const fed = session.feed(packed);
  try {
    await session.run(
      `COPY (SELECT ${list} FROM ${fed.table} WHERE ${fed.adding(rowHashDuckdb(valuesOf(columns)))}) ` +
        `TO ${duckdbLiteral(path)} (${parquetOptions})`,
    );
    requireWritten(packed.rows, fed.seen, await digestOfParquet(session, path, columns));
  } catch (error) {
    throw fed.failure ?? error;
  } finally {
    fed.close();
  }
}

/** Throws CHECKSUM_EXPORT where a file does not hold the `rows` rows that it was written from. */
export function requireWritten(rows: number, written: RowsDigest, inFile: RowsDigest): void {
  if (written.rows === rows && inFile.rows === rows && inFile.sum === written.sum) return;
  throw new MigrationError(
    'CHECKSUM_EXPORT',
    `A part file does not hold the rows that it was written from: ${inFile.rows} rows of ${rows}, ` +
      `digest ${inFile.sum} instead of ${written.sum}. Check the disk of the spill directory, then retry.`,
  );
}

export function digestOfParquet(
  session: DuckDbSession,
  path: string,
  columns: readonly Column[],
): Promise<RowsDigest> {
  return digestOf(session, `read_parquet(${duckdbLiteral(path)})`, columns);
}

/**
 * Of what stands behind FROM. The row hash, which the next step compares, would cost a million rows of the first founding
 * table 0.5 CPU-s on JavaScript's thread, or 1.4 in DuckDB's SQL; this costs 0.1.
 */
export async function digestOf(
  session: DuckDbSession,
  from: string,
  columns: readonly Column[],
): Promise<RowsDigest> {
  const select = `SELECT count(*) AS "rows", ${digestDuckdb(valuesOf(columns))} AS "sum" FROM ${from}`;
  const [digest] = await session.rows<{ readonly rows: bigint; readonly sum: bigint | null }>(select);
  return { rows: Number(digest?.rows ?? 0), sum: digest?.sum ?? 0n };
}

function valuesOf(columns: readonly Column[]) {
  return columns.map(({ name, type }) => ({ value: quoteDuckdb(name), type }));
}

/** Rows and set checksum of Parquet files over `columns`, to whose types the files' columns are cast. */
export async function checksumOfParquet(
  session: DuckDbSession,
  paths: readonly string[],
  columns: readonly Column[],
): Promise<SetChecksum> {
  const hasher = createRowHasher(columns);
  for (const path of paths) {
    for await (const batch of readParquet(session, path, columns)) hasher.add(batch);
  }
  return hasher.value();
}
