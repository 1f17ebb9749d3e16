import { createHash } from 'node:crypto';
import { type ConnectionPool, DateTime2 } from 'mssql';
import type { Client } from 'pg';

type Value = string | number | Date | null;

/**
 * The founding join by another road than the product's: stock driver, join in memory, rows as JSON text, sorted.
 * It shares neither reader, transform nor checksum with what it judges.
 */
export async function joinedRows(pools: readonly ConnectionPool[]): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const pool of pools) {
    const rights = new Map<string, readonly Value[]>();
    for (const row of await read(
      pool,
      `device_id, data_usage_total, network_quality_indicator_1, handover_attempts, data_timestamp FROM dbo.ue_statistics_data`,
    ))
      rights.set(keyOf(row[0], row[4]), row);
    for (const row of await read(
      pool,
      `cell_location, cell_id, bandwidth_usage_total, signal_strength_indicator_1, dropped_calls_total, data_timestamp FROM dbo.cell_performance_data`,
    )) {
      const right = rights.get(keyOf(row[1], row[5]));
      rows.push(
        JSON.stringify([
          ...[row[0], row[1], decimal(row[2]), row[3], row[4]],
          ...(right ? [right[0], decimal(right[1]), right[2], right[3]] : [null, null, null, null]),
          row[5],
        ]),
      );
    }
  }
  return rows.sort();
}

/** The target's rows in the same text. */
export async function targetRows(target: Client, table = 'mart.cell_perf_stats'): Promise<readonly string[]> {
  const { rows } = await target.query<Value[]>({
    rowMode: 'array',
    text: `SELECT cell_location, cell_id, bandwidth_usage_total::text, signal_strength_indicator_1, dropped_calls_total,
                  device_id, data_usage_total::text, network_quality_indicator_1, handover_attempts,
                  to_char(data_timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') FROM ${table}`,
  });
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** A short text for a set of rows, for messages that must not print a table. */
export function digest(rows: readonly string[]): string {
  return `${rows.length} rows ${createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, 16)}`;
}

async function read(pool: ConnectionPool, what: string): Promise<readonly (readonly Value[])[]> {
  const { recordset } = await pool
    .request()
    .input('from', DateTime2(3), new Date('2025-01-01T00:00:00Z'))
    .input('to', DateTime2(3), new Date('2025-01-11T00:00:00Z'))
    .query(`SELECT ${what} WHERE data_timestamp >= @from AND data_timestamp < @to`);
  return recordset as unknown as readonly (readonly Value[])[];
}

const keyOf = (id: Value | undefined, time: Value | undefined): string => `${(time as Date).getTime()} ${id}`;

/** Eleven digits are exact in a double, so three decimals of it are the value that was stored. */
const decimal = (value: Value | undefined): string | null =>
  value === null ? null : (value as number).toFixed(3);
