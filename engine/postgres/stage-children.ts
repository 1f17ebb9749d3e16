import { escapeLiteral } from 'pg';
import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import { partitionRange } from '../plan/windows.js';
import type { TargetClient } from './connection.js';
import { defaultChild, monthChild, quoteName, stageName } from './names.js';

/**
 * Creates the default child and those of `months` (`YYYYMM`) that are missing. Throws TARGET_SHAPE where a name
 * is taken by a table that is no child.
 */
export async function createChildren(
  client: TargetClient,
  table: TargetConfig,
  column: string,
  months: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ name: string; child: boolean }>(
    `SELECT c.relname AS name, coalesce(i.inhparent = to_regclass($1), false) AS child
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
      WHERE n.nspname = $2 AND c.relname = ANY ($3)`,
    [
      stageName(table),
      table.stageSchema,
      [defaultChild(table), ...months.map((month) => monthChild(table, month))],
    ],
  );
  const stranger = rows.find(({ child }) => !child);
  if (stranger !== undefined)
    throw new MigrationError(
      'TARGET_SHAPE',
      `${table.stageSchema}.${stranger.name} exists and is no partition of ${table.stageSchema}.${table.name}. Move it out of the way.`,
    );
  const present = new Set(rows.map(({ name }) => name));
  if (!present.has(defaultChild(table)))
    await client.query(
      `CREATE TABLE ${quoteName(table.stageSchema, defaultChild(table))} PARTITION OF ${stageName(table)} DEFAULT`,
    );
  for (const month of new Set(months))
    if (!present.has(monthChild(table, month))) await createMonth(client, table, column, month);
}

/** Rows of the month that came before their child rest in the default child; they move with it. */
async function createMonth(
  client: TargetClient,
  table: TargetConfig,
  column: string,
  month: string,
): Promise<void> {
  const child = quoteName(table.stageSchema, monthChild(table, month));
  const rest = quoteName(table.stageSchema, defaultChild(table));
  const { from, to } = partitionRange(month);
  const bounds = `FOR VALUES FROM (${escapeLiteral(from)}) TO (${escapeLiteral(to)})`;
  const inMonth = `${quoteName(column)} >= ${escapeLiteral(from)} AND ${quoteName(column)} < ${escapeLiteral(to)}`;
  const { rows } = await client.query<{ early: boolean }>(
    `SELECT EXISTS (SELECT FROM ${rest} WHERE ${inMonth}) AS early`,
  );
  if (!rows[0]?.early) {
    await client.query(`CREATE TABLE ${child} PARTITION OF ${stageName(table)} ${bounds}`);
    return;
  }
  const names = [...table.columns.map(({ name }) => quoteName(name)), 'chunk_id'].join(', ');
  await client.query(`LOCK TABLE ${stageName(table)} IN ACCESS EXCLUSIVE MODE`);
  await client.query(`CREATE TABLE ${child} (LIKE ${stageName(table)})`);
  await client.query(
    `WITH moved AS (DELETE FROM ${rest} WHERE ${inMonth} RETURNING ${names})
     INSERT INTO ${child} (${names}) SELECT ${names} FROM moved`,
  );
  await client.query(`ALTER TABLE ${stageName(table)} ATTACH PARTITION ${child} ${bounds}`);
}
