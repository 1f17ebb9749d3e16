import type { TargetColumn, TargetConfig } from '../../config/run-config.js';
import { parsePgType } from '../rows/pg-types.js';
import type { Queryable } from './connection.js';
import { quoteName } from './names.js';

export interface ShapeColumn {
  readonly name: string;
  /** As `format_type` prints it. */
  readonly type: string;
  readonly notNull: boolean;
}

export interface Relation {
  /** pg_class.relkind: `r` table, `p` partitioned table, `v` view, … */
  readonly kind: string;
  readonly owned: boolean;
  readonly owner: string;
  readonly columns: readonly ShapeColumn[];
}

/**
 * The declared type for DDL. It goes there as written, so it must parse as one of the types of a target;
 * else CONFIG_INVALID.
 */
export function ddlType(column: TargetColumn): string {
  parsePgType(column.pgType);
  return column.pgType.trim();
}

/** The declared columns as the server would print them; primary key columns are NOT NULL. */
export async function declaredShape(db: Queryable, table: TargetConfig): Promise<readonly ShapeColumn[]> {
  const list = table.columns.map((column, at) => `NULL::${ddlType(column)} AS c${at}`);
  // The server itself resolves names and modifiers of types; no rows, no privileges, no temporary table.
  const { fields } = await db.query(`SELECT ${list.join(', ')} LIMIT 0`);
  const { rows } = await db.query<{ type: string }>(
    `SELECT format_type(oid, typmod) AS type
       FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS t (oid, typmod, place) ORDER BY place`,
    [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  );
  return table.columns.map(({ name, nullable }, at) => ({
    name,
    type: rows[at]?.type ?? '',
    notNull: !nullable || table.primaryKey.includes(name),
  }));
}

/** What is there under a name; undefined where nothing is. */
export async function findRelation(
  db: Queryable,
  schema: string,
  name: string,
): Promise<Relation | undefined> {
  const { rows } = await db.query<{ oid: string; kind: string; owned: boolean; owner: string }>(
    `SELECT oid::text, relkind AS kind, pg_has_role(relowner, 'USAGE') AS owned, pg_get_userbyid(relowner) AS owner
       FROM pg_class WHERE oid = to_regclass($1)`,
    [quoteName(schema, name)],
  );
  const found = rows[0];
  if (found === undefined) return undefined;
  const { rows: columns } = await db.query<ShapeColumn>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull"
       FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [found.oid],
  );
  return { kind: found.kind, owned: found.owned, owner: found.owner, columns };
}

/** One sentence per difference, in the order of the columns; empty where there is none. */
export function shapeDifferences(
  wanted: readonly ShapeColumn[],
  found: readonly ShapeColumn[],
): readonly string[] {
  const byName = new Map(found.map((column, at) => [column.name, { ...column, at }]));
  const wantedNames = new Set(wanted.map(({ name }) => name));
  const differences = wanted.flatMap(({ name, type, notNull }, at) => {
    const other = byName.get(name);
    if (other === undefined) return [`column ${name} is missing`];
    if (other.type !== type) return [`column ${name} is ${other.type}, not ${type}`];
    if (other.notNull !== notNull) return [`column ${name} is ${other.notNull ? 'NOT NULL' : 'nullable'}`];
    return other.at === at ? [] : [`column ${name} is number ${other.at + 1}, not ${at + 1}`];
  });
  const extra = found
    .filter(({ name }) => !wantedNames.has(name))
    .map(({ name }) => `column ${name} is not declared`);
  return [...differences, ...extra];
}
