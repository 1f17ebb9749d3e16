import { createHash } from 'node:crypto';
import { ConnectionPool, DateTime2, type IRecordSet } from 'mssql';
import type { Client } from 'pg';
import { hexSum } from './control.js';

export interface SourceAddress {
  readonly server: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly ca: string;
}

export interface CheckResult {
  readonly day: string;
  readonly expected: RowSet;
  readonly actual: RowSet;
}

interface RowSet {
  readonly rows: number;
  readonly sum: string;
}

type Value = string | number | Date | null;

const leftColumns =
  'cell_location, cell_id, bandwidth_usage_total, signal_strength_indicator_1, dropped_calls_total, data_timestamp';
const rightColumns =
  'device_id, data_usage_total, network_quality_indicator_1, handover_attempts, data_timestamp';

/**
 * Computes the founding join a second time by another road: both tables of every source through the stock
 * driver, joined here in memory day by day, and compared as a set with the target. It shares with the migration
 * neither reader nor join nor checksum (SHA-256 over JSON here).
 * @param days ISO dates, one result each.
 */
export async function checkTarget(
  sources: readonly SourceAddress[],
  target: Client,
  targetTable: string,
  days: readonly string[],
): Promise<readonly CheckResult[]> {
  const pools = await Promise.all(sources.map(connect));
  try {
    const results: CheckResult[] = [];
    for (const day of days) {
      const expected = new SetSum();
      for (const pool of pools) await addJoin(pool, day, expected);
      results.push({ day, expected: expected.result(), actual: await targetSet(target, targetTable, day) });
    }
    return results;
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
}

function connect({ port, database, user, password, ca }: SourceAddress): Promise<ConnectionPool> {
  return new ConnectionPool({
    server: 'localhost',
    port,
    database,
    user,
    password,
    arrayRowMode: true,
    requestTimeout: 300_000,
    pool: { max: 1 },
    options: { encrypt: true, trustServerCertificate: false, cryptoCredentialsDetails: { ca } },
  }).connect();
}

async function addJoin(pool: ConnectionPool, day: string, sum: SetSum): Promise<void> {
  const partners = new Map<string, readonly Value[]>();
  for (const right of await readDay(pool, rightColumns, 'ue_statistics_data', day)) {
    partners.set(joinKey(right[0], right[4]), right);
  }
  for (const left of await readDay(pool, leftColumns, 'cell_performance_data', day)) {
    const right = partners.get(joinKey(left[1], left[5]));
    sum.add([
      ...[left[0], left[1], decimal(left[2]), left[3], left[4]],
      ...(right ? [right[0], decimal(right[1]), right[2], right[3]] : [null, null, null, null]),
      (left[5] as Date).toISOString(),
    ]);
  }
}

const joinKey = (id: Value | undefined, time: Value | undefined) => `${(time as Date).getTime()} ${id}`;

/** Eleven digits are exact in a double, so three decimals of it are the value that was stored. */
const decimal = (value: Value | undefined) => (value === null ? null : (value as number).toFixed(3));

async function readDay(
  pool: ConnectionPool,
  columns: string,
  table: string,
  day: string,
): Promise<readonly (readonly Value[])[]> {
  const { recordset } = await pool
    .request()
    .input('from', DateTime2(3), new Date(`${day}T00:00:00Z`))
    .input('to', DateTime2(3), new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000))
    .query(`SELECT ${columns} FROM dbo.${table} WHERE data_timestamp >= @from AND data_timestamp < @to`);
  return recordset as IRecordSet<readonly Value[]>;
}

async function targetSet(target: Client, table: string, day: string): Promise<RowSet> {
  const { rows } = await target.query<Value[]>({
    rowMode: 'array',
    text: `SELECT cell_location, cell_id, bandwidth_usage_total::text, signal_strength_indicator_1,
                  dropped_calls_total, device_id, data_usage_total::text, network_quality_indicator_1,
                  handover_attempts, to_char(data_timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
             FROM ${table} WHERE data_timestamp >= $1::date AND data_timestamp < $1::date + 1`,
    values: [day],
  });
  const sum = new SetSum();
  for (const row of rows) sum.add(row);
  return sum.result();
}

/** A set of rows by count and sum of hashes: the order does not matter, a row twice does. */
class SetSum {
  #rows = 0;
  #sum = 0n;

  add(row: readonly (Value | undefined)[]): void {
    this.#rows += 1;
    this.#sum += createHash('sha256').update(JSON.stringify(row)).digest().readBigInt64BE(0);
  }

  result(): RowSet {
    return { rows: this.#rows, sum: hexSum(this.#sum) };
  }
}
