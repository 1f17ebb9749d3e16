import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import { parsePgType } from '../rows/pg-types.js';
import type { Queryable } from './connection.js';
import { requireSafeNames } from './names.js';
import { requireSchema } from './schemas.js';
import { declaredShape, findRelation, shapeDifferences } from './shape.js';

const oldestVersion = 150_000;

/**
 * What the plan asks before any side effect: server version and encoding, schemas and privileges, shape and
 * owner of stage and live table. `targetSchema` is absent where nothing will be finalized.
 * Throws TARGET_SHAPE (each difference named), TARGET_PERMISSION (the missing grant named), CONFIG_INVALID.
 */
export async function checkTarget(
  db: Queryable,
  table: TargetConfig,
  targetSchema?: string,
): Promise<{ readonly serverVersion: number }> {
  requireSafeNames(table);
  const serverVersion = await requireServer(db);
  await requireSchema(db, table.stageSchema, { mayBeCreated: true });
  const declared = await declaredShape(db, table);
  requireKeys(table);
  await requireStageShape(db, table, declared);
  if (targetSchema !== undefined) {
    await requireSchema(db, targetSchema, { mayBeCreated: false });
    await requireLive(db, table, targetSchema, declared);
  }
  return { serverVersion };
}

async function requireServer(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: number; encoding: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
  );
  const { version, encoding } = rows[0] ?? { version: 0, encoding: '' };
  if (version < oldestVersion)
    throw new MigrationError(
      'TARGET_SHAPE',
      `The target is PostgreSQL ${Math.floor(version / 10_000)}; versions 15 and later are supported.`,
    );
  if (encoding !== 'UTF8')
    throw new MigrationError(
      'TARGET_SHAPE',
      `The target database is encoded in ${encoding}. Create it with ENCODING 'UTF8': every hop's checksum is over UTF-8.`,
    );
  return version;
}

function requireKeys(table: TargetConfig): void {
  const names = new Set(table.columns.map(({ name }) => name));
  for (const name of [...table.primaryKey, ...(table.partitionColumn ? [table.partitionColumn] : [])])
    if (!names.has(name))
      throw new MigrationError(
        'CONFIG_INVALID',
        `Target '${table.name}' names '${name}' as key or partition column, but declares no such column.`,
      );
  const partition = table.columns.find(({ name }) => name === table.partitionColumn);
  if (partition !== undefined && !['date', 'timestamp'].includes(parsePgType(partition.pgType).kind))
    throw new MigrationError(
      'CONFIG_INVALID',
      `Target '${table.name}' is partitioned by '${partition.name}', which is ${partition.pgType}; allowed: a date or timestamp.`,
    );
}

async function requireStageShape(
  db: Queryable,
  table: TargetConfig,
  declared: Awaited<ReturnType<typeof declaredShape>>,
): Promise<void> {
  const stage = await findRelation(db, table.stageSchema, table.name);
  if (stage === undefined) return;
  const wantedKind = table.partitionColumn === undefined ? 'r' : 'p';
  const differences = [
    ...(stage.kind === wantedKind
      ? []
      : [wantedKind === 'p' ? 'it is not partitioned' : 'it is not a plain table']),
    ...shapeDifferences([...declared, { name: 'chunk_id', type: 'bigint', notNull: true }], stage.columns),
  ];
  if (differences.length > 0) throw otherShape(`${table.stageSchema}.${table.name}`, 'stage', differences);
  if (!stage.owned) throw notOwned(`${table.stageSchema}.${table.name}`, stage.owner);
}

async function requireLive(
  db: Queryable,
  table: TargetConfig,
  targetSchema: string,
  declared: Awaited<ReturnType<typeof declaredShape>>,
): Promise<void> {
  if (targetSchema === table.stageSchema)
    throw new MigrationError(
      'CONFIG_INVALID',
      `"finalize.targetSchema" is '${targetSchema}', the schema of the stage; allowed: any other schema.`,
    );
  const live = await findRelation(db, targetSchema, table.name);
  if (live === undefined) return;
  const differences = [
    ...(live.kind === 'r' ? [] : ['it is not a plain table']),
    ...shapeDifferences(declared, live.columns),
  ];
  if (differences.length > 0) throw otherShape(`${targetSchema}.${table.name}`, 'live', differences);
  if (!live.owned) throw notOwned(`${targetSchema}.${table.name}`, live.owner);
}

function otherShape(name: string, which: string, differences: readonly string[]): MigrationError {
  return new MigrationError(
    'TARGET_SHAPE',
    `The ${which} table ${name} has another shape than the category file declares: ${differences.join('; ')}. ` +
      'Alter or move the table, or correct "columns" in the category file.',
  );
}

function notOwned(name: string, owner: string): MigrationError {
  return new MigrationError(
    'TARGET_PERMISSION',
    `Table ${name} belongs to role '${owner}', and only its owner may replace it. ` +
      `Have an administrator run: GRANT ${owner} TO <role>; see docs/target-permissions.md.`,
  );
}
