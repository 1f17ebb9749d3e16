import { distance } from 'fastest-levenshtein';
import { MigrationError } from '../errors.js';
import { quoteTsql, type TsqlColumn } from '../rows/checksum-tsql.js';
import { logicalTypeOf } from '../rows/type-map.js';
import { sqlFile } from '../sql-files.js';
import { type Beneath, lookBeneath } from './beneath.js';
import { sourceError } from './errors.js';
import { qualifiedName, type SqlParameter } from './parameters.js';
import type { SourceReader } from './session.js';

/** A column of a source table as its catalog describes it; `sourceType` as declared: `varchar(50)`, `nvarchar(max)`. */
interface SourceColumn extends TsqlColumn {
  readonly collation?: string;
  readonly masked: boolean;
  /** Always Encrypted. */
  readonly encrypted: boolean;
}

export interface SourceTableInfo {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly SourceColumn[];
  /** In key order; empty where there is none. */
  readonly primaryKey: readonly string[];
  /** Columns by which a range is a seek: they lead an enabled, unfiltered index or partition the table. */
  readonly leadingIndexColumns: readonly string[];
  /** Leads the clustered index, in whose order the table lies; absent for a heap. */
  readonly clusteredColumn?: string;
  /** Approximate, out of metadata; undefined for a view. */
  readonly rows: number | undefined;
  /** What a scan reads; undefined where it cannot be known. */
  readonly bytes: number | undefined;
  /** Of a view whose definition this login may see. */
  readonly beneath?: Beneath;
  /** An enabled security policy filters the rows that this login sees, here or beneath. */
  readonly rowLevelSecurity: boolean;
  readonly permissions: SourcePermissions;
}

/** What the login may do, beyond SELECT on the table. */
export interface SourcePermissions {
  readonly unmask: boolean;
  /** Without it security policies are invisible, and so is what they hide. */
  readonly viewDefinition: boolean;
}

/**
 * Describes a table or view out of the catalog views.
 * @throws MigrationError SOURCE_OBJECT (no such table; names the nearest), SOURCE_PERMISSION (no SELECT on it),
 * SOURCE_TYPE (naming the column)
 * @see https://learn.microsoft.com/sql/relational-databases/system-catalog-views/object-catalog-views-transact-sql
 */
export async function describeTable(
  session: SourceReader,
  schema: string,
  table: string,
): Promise<SourceTableInfo> {
  const object = await findObject(session, schema, table);
  const byId: readonly SqlParameter[] = [{ name: 'object', sqlType: 'int', value: object.objectId }];
  const described = await session.query<ColumnRow>(sqlFile('sqlserver/describe-columns.sql'), byId);
  const columns = described.map((row) => sourceColumn(row, session, `${schema}.${table}`));
  const indexes = await session.query<IndexRow>(sqlFile('sqlserver/describe-indexes.sql'), byId);
  const clustered = indexes.find((row) => row.type === 1 && row.keyOrdinal === 1);
  const viewDefinition = object.viewDefinition === 1;
  const view = object.type.trim() === 'V';
  const beneath = view && viewDefinition ? await lookBeneath(session, schema, table) : undefined;
  const [count] = await session.query<{ rows: string | null }>(sqlFile('sqlserver/describe-rows.sql'), byId);
  return {
    schema,
    table,
    columns,
    primaryKey: indexes.filter((row) => row.primaryKey && row.keyOrdinal > 0).map((row) => row.column),
    leadingIndexColumns: [...new Set(indexes.filter(leads).map((row) => row.column))],
    ...(clustered !== undefined && { clusteredColumn: clustered.column }),
    rows: optionalNumber(count?.rows),
    bytes: await tableBytes(session, byId, object.viewState === 1 || object.viewPerformanceState === 1),
    ...(beneath !== undefined && { beneath }),
    rowLevelSecurity: await filtersRows(session, [object.objectId, ...(beneath?.objectIds ?? [])]),
    permissions: {
      // A grant on a view says nothing of the tables that it shows.
      unmask: object.unmaskDatabase === 1 || (!view && object.unmaskObject === 1),
      viewDefinition,
    },
  };
}

interface ObjectRow {
  readonly objectId: number;
  readonly type: string;
  readonly canSelect: number | null;
  readonly unmaskObject: number | null;
  readonly unmaskDatabase: number | null;
  readonly viewDefinition: number | null;
  readonly viewState: number | null;
  readonly viewPerformanceState: number | null;
}

interface ColumnRow {
  readonly name: string;
  readonly typeName: string;
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
  readonly clr: boolean;
  readonly collation: string | null;
  readonly nullable: boolean;
  readonly masked: boolean;
  readonly encryptionType: number | null;
}

interface IndexRow {
  readonly indexId: number;
  readonly type: number;
  readonly primaryKey: boolean;
  readonly filtered: boolean;
  readonly keyOrdinal: number;
  readonly partitionOrdinal: number;
  readonly column: string;
}

async function findObject(session: SourceReader, schema: string, table: string): Promise<ObjectRow> {
  const [object] = await session.query<ObjectRow>(sqlFile('sqlserver/describe-object.sql'), [
    qualifiedName(schema, table),
    { name: 'schema', sqlType: 'nvarchar(128)', value: schema },
    { name: 'table', sqlType: 'nvarchar(128)', value: table },
  ]);
  if (object === undefined) {
    const near = await nearNames(session, schema, table);
    const hint = near.length === 0 ? 'this login sees no table at all' : `near names: ${near.join(', ')}`;
    throw sourceError(
      'SOURCE_OBJECT',
      session.place,
      `table ${schema}.${table} does not exist, or the login has no permission on it; ${hint}`,
    );
  }
  // HAS_PERMS_BY_NAME documents sysname for the name: of a longer one it may say NULL, and reading will tell.
  if (object.canSelect === 0) {
    throw sourceError(
      'SOURCE_PERMISSION',
      session.place,
      `the login may not read ${schema}.${table}. Grant it: ` +
        `GRANT SELECT ON ${quoteTsql(schema)}.${quoteTsql(table)} TO <user>`,
    );
  }
  return object;
}

async function filtersRows(session: SourceReader, objectIds: readonly number[]): Promise<boolean> {
  for (const value of objectIds) {
    const [found] = await session.query<{ predicates: number }>(sqlFile('sqlserver/row-level-security.sql'), [
      { name: 'object', sqlType: 'int', value },
    ]);
    if ((found?.predicates ?? 0) > 0) return true;
  }
  return false;
}

/** At most five tables whose names are closest to the one that is missing; the same name in another schema first. */
async function nearNames(session: SourceReader, schema: string, table: string): Promise<readonly string[]> {
  const rows = await session.query<{ schema: string; table: string }>(sqlFile('sqlserver/list-tables.sql'));
  const wanted = `${schema}.${table}`.toLowerCase();
  return rows
    .map((row) => ({
      name: `${row.schema}.${row.table}`,
      away:
        row.table.toLowerCase() === table.toLowerCase()
          ? 0
          : distance(`${row.schema}.${row.table}`.toLowerCase(), wanted),
    }))
    .sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1))
    .slice(0, 5)
    .map(({ name }) => name);
}

function sourceColumn(row: ColumnRow, session: SourceReader, table: string): SourceColumn {
  try {
    return {
      name: row.name,
      type: logicalTypeOf(row),
      nullable: row.nullable,
      sourceType: declaredType(row),
      ...(row.collation === null ? {} : { collation: row.collation }),
      masked: row.masked,
      encrypted: row.encryptionType !== null,
    };
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw sourceError(
      error.code,
      session.place,
      `column ${row.name} of ${table}: ${error.message.replace(/\.$/, '')}`,
    );
  }
}

function declaredType({ typeName, maxLength, precision, scale }: ColumnRow): string {
  switch (typeName) {
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return `${typeName}(${maxLength < 0 ? 'max' : maxLength})`;
    case 'nchar':
    case 'nvarchar':
      return `${typeName}(${maxLength < 0 ? 'max' : maxLength / 2})`;
    case 'decimal':
    case 'numeric':
      return `${typeName}(${precision},${scale})`;
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return `${typeName}(${scale})`;
    default:
      return typeName;
  }
}

/** Types of index: 1 clustered and 2 nonclustered are trees; columnstores and hashes give no range seek. */
function leads(row: IndexRow): boolean {
  if (row.partitionOrdinal === 1 && row.indexId <= 1) return true;
  return row.keyOrdinal === 1 && !row.filtered && (row.type === 1 || row.type === 2);
}

async function tableBytes(
  session: SourceReader,
  byId: readonly SqlParameter[],
  viewState: boolean,
): Promise<number | undefined> {
  const file = viewState ? 'sqlserver/describe-bytes.sql' : 'sqlserver/estimate-bytes.sql';
  try {
    const [row] = await session.query<{ bytes: string | null }>(sqlFile(file), byId);
    return optionalNumber(row?.bytes);
  } catch (error) {
    // A size is for messages only: where the server does not tell it, the plan goes on without.
    if (error instanceof MigrationError && !error.retryable) return undefined;
    throw error;
  }
}

function optionalNumber(value: string | number | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
