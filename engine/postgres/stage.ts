import { escapeLiteral } from 'pg';
import type { TargetConfig } from '../../config/run-config.js';
import { checksumSelectListPostgres } from '../rows/checksum-postgres.js';
import { checkTarget } from './check-target.js';
import type { Target, TargetClient } from './connection.js';
import { finalizeProcedure, quoteName, stageName } from './names.js';
import { ensureSchema } from './schemas.js';
import { ddlType, findRelation } from './shape.js';
import { createChildren } from './stage-children.js';
import { chunkIndex } from './stage-rows.js';

/**
 * Creates what is missing of `<stageSchema>.<name>`: the table, its month children for `months` (`YYYYMM`), the
 * default child, and the procedure that finalizes it. Safe to call again and by many at once.
 * Throws TARGET_SHAPE naming each difference where the table is another.
 */
export async function prepareStage(
  target: Target,
  table: TargetConfig,
  months: readonly string[],
): Promise<void> {
  await target.transaction(async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
      `migrate stage ${stageName(table)}`,
    ]);
    await ensureSchema(client, table.stageSchema);
    await checkTarget(client, table);
    await createTable(client, table);
    if (table.partitionColumn !== undefined)
      await createChildren(client, table, table.partitionColumn, months);
    await installProcedure(client, table);
  });
}

async function createTable(client: TargetClient, table: TargetConfig): Promise<void> {
  if ((await findRelation(client, table.stageSchema, table.name)) !== undefined) return;
  const columns = table.columns.map((column) => {
    const required = !column.nullable || table.primaryKey.includes(column.name);
    return `${quoteName(column.name)} ${ddlType(column)}${required ? ' NOT NULL' : ''}`;
  });
  const partitioned =
    table.partitionColumn === undefined ? '' : ` PARTITION BY RANGE (${quoteName(table.partitionColumn)})`;
  await client.query(
    `CREATE TABLE ${stageName(table)} (${columns.join(', ')}, chunk_id bigint NOT NULL)${partitioned}`,
  );
  await client.query(chunkIndex(table));
}

/** `CALL <stage>.stage_ctas_null_upd_<target>('<target_schema>', '<target>')`, the founding door to finalize. */
async function installProcedure(client: TargetClient, table: TargetConfig): Promise<void> {
  const keys = table.primaryKey.map(escapeLiteral).join(', ');
  const body = `BEGIN
    CALL migration_control.finalize_target(${escapeLiteral(table.stageSchema)}, ${escapeLiteral(table.name)},
      target_schema, target, ARRAY[${keys}]::text[], ${escapeLiteral(checksumSelectListPostgres(table.columns))},
      dependents, result);
  END`;
  await client.query(
    `CREATE OR REPLACE PROCEDURE ${quoteName(table.stageSchema, finalizeProcedure(table))} (
       target_schema text, target text, dependents text DEFAULT 'refuse', INOUT result jsonb DEFAULT NULL)
     LANGUAGE plpgsql AS ${escapeLiteral(body)}`,
  );
}
