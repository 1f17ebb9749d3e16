import type {
  ColumnDefinition,
  ServerDefinition,
  TableDefinition,
} from '../../../sandbox/sqlserver/engine/definition.js';
import type { Estate } from '../../support/estate.js';

/** Days of 2025-01 as the filter that most of these categories have. */
export const threeDays = "taken_at >= '2025-01-01' AND taken_at < '2025-01-04'";

const text = (length: number) => ({ name: 'nvarchar', length, collation: 'Latin1_General_CI_AS' }) as const;
const instant = { name: 'datetime2', scale: 3 } as const;

const leftColumns: readonly ColumnDefinition[] = [
  { name: 'id', type: text(50), nullable: false },
  { name: 'taken_at', type: instant, nullable: false },
  { name: 'note', type: text(100), nullable: true },
  { name: 'amount', type: { name: 'decimal', precision: 11, scale: 3 }, nullable: true },
  { name: 'dropped', type: { name: 'int' }, nullable: true },
];
const rightColumns: readonly ColumnDefinition[] = [
  { name: 'device', type: text(50), nullable: false },
  { name: 'taken_at', type: instant, nullable: false },
  { name: 'quality', type: { name: 'int' }, nullable: true },
];

/** Rows as DuckDB literals: `('a', '2025-01-01 08:00', 'note', 1.5, 7)`. */
type Rows = readonly string[];

/** A server for `startEstate` with one database, `One`, that holds the tables. */
export function serverOf(name: string, tables: readonly TableDefinition[]): ServerDefinition {
  return {
    name,
    logins: [],
    databases: [{ name: 'One', snapshotIsolation: true, readCommittedSnapshot: false, tables }],
  };
}

/** `<name>_left` and `<name>_right`, the two sources of a category made by `joinCategory`. */
export function joinTables(name: string, left: Rows, right: Rows): readonly TableDefinition[] {
  return [
    table(`${name}_left`, leftColumns, ['id', 'taken_at'], left),
    table(`${name}_right`, rightColumns, ['device', 'taken_at'], right),
  ];
}

/** `<name>_left` alone; its chunk column takes NULL where `nullableTime` says so. */
export function copyTable(name: string, rows: Rows, nullableTime = false): TableDefinition {
  const columns = leftColumns.map((column) =>
    column.name === 'taken_at' ? { ...column, nullable: nullableTime } : column,
  );
  return table(`${name}_left`, columns, nullableTime ? ['id'] : ['id', 'taken_at'], rows);
}

function table(
  name: string,
  columns: readonly ColumnDefinition[],
  primaryKey: readonly string[],
  rows: Rows,
): TableDefinition {
  const definition = { schema: 'dbo', name, columns, primaryKey };
  return rows.length === 0 ? definition : { ...definition, fill: `VALUES ${rows.join(', ')}` };
}

export interface CategoryOptions {
  /** Databases by server; those of an estate that are not named are not read. */
  readonly databases: Readonly<Record<string, readonly string[]>>;
  /** T-SQL predicates; `threeDays` for both unless given, null for none. */
  readonly leftFilter?: string | null;
  readonly rightFilter?: string | null;
  readonly joinKeys?: 'exact' | 'casefold_rtrim' | null;
  readonly chunk?: {
    readonly by?: 'date' | 'key' | 'none';
    readonly grain?: 'day' | 'month';
    readonly rows?: number;
    readonly onePass?: boolean;
    readonly scanRows?: number;
    readonly allowScans?: boolean;
  };
  readonly scope?: 'chunk' | 'database' | 'category';
  /** False: joined by the key alone, whatever the time. */
  readonly sameTime?: boolean;
  /** Goes behind the ON condition of the transform: `AND …` or `WHERE …`. */
  readonly tail?: string;
  readonly consistency?: 'snapshot' | 'rcsi' | 'quiesced';
  readonly attentionWait?: number;
  /** False where rows without a time must fit into the target. */
  readonly partitioned?: boolean;
}

const copiedColumns = (timeNullable: boolean) => [
  { name: 'id', type: 'varchar(50)', nullable: false },
  { name: 'taken_at', type: 'timestamp(3)', nullable: timeNullable },
  { name: 'note', type: 'varchar(100)' },
  { name: 'amount', type: 'numeric(11,3)' },
  { name: 'dropped', type: 'integer' },
];

/** Writes (or writes anew) a category that left-joins `<name>_right` to `<name>_left` into `<name>`. */
export function joinCategory(estate: Estate, name: string, options: CategoryOptions): void {
  const joined = [
    { name: 'device', type: 'varchar(50)' },
    { name: 'quality', type: 'integer' },
  ];
  const { tail = '', joinKeys = 'exact', rightFilter = threeDays, sameTime = true } = options;
  const byKey = options.chunk?.by === 'key';
  estate.writeFile(
    `sql/transform/${name}.sql`,
    `SELECT l.id, l.taken_at, l.note, l.amount, l.dropped, r.device, r.quality
     FROM ${name}_left AS l
     LEFT JOIN ${name}_right AS r ON l.id = r.device ${sameTime ? 'AND l.taken_at = r.taken_at' : ''} ${tail}`,
  );
  writeCategory(
    estate,
    name,
    options,
    {
      columns: [...copiedColumns(false), ...joined],
      sources: [
        { table: `${name}_left`, ...(byKey && { chunkColumn: 'id' }) },
        { table: `${name}_right`, ...(byKey && { chunkColumn: 'device' }) },
      ],
      transform: `sql/transform/${name}.sql`,
      ...(joinKeys !== null && { joinKeys }),
      ...(options.scope !== undefined && { scope: options.scope }),
    },
    rightFilter === null ? {} : { [`source_filter_${name}_right`]: rightFilter },
  );
}

/** Writes a category that copies `<name>_left` as it is into `<name>`. */
export function copyCategory(estate: Estate, name: string, options: CategoryOptions): void {
  const { partitioned = true } = options;
  writeCategory(
    estate,
    name,
    options,
    {
      columns: copiedColumns(!partitioned),
      sources: [{ table: `${name}_left` }],
      ...(!partitioned && { primaryKey: ['id'] }),
    },
    {},
  );
}

function writeCategory(
  estate: Estate,
  name: string,
  options: CategoryOptions,
  target: Readonly<Record<string, unknown>> & { readonly sources: readonly { readonly table: string }[] },
  filters: Readonly<Record<string, string>>,
): void {
  const { leftFilter = threeDays, chunk, consistency, attentionWait = 0, partitioned = true } = options;
  estate.configure('config/server-mappings.json', (json) => ({
    ...json,
    databases: {
      ...Object.fromEntries(Object.keys(json.server_mappings as object).map((server) => [server, []])),
      ...options.databases,
    },
    categories: { ...(json.categories as object), [name]: target.sources.map((source) => source.table) },
  }));
  estate.writeFile(
    `config/migration-parameters/${name}.json`,
    JSON.stringify({
      partition_col_date: 'taken_at',
      ...(leftFilter !== null && { [`source_filter_${name}_left`]: leftFilter }),
      ...filters,
    }),
  );
  const complete = {
    table: name,
    primaryKey: ['id', 'taken_at'],
    ...(partitioned && { partitionColumn: 'taken_at' }),
    chunk: { allowScans: true, ...chunk },
    ...target,
  };
  estate.writeFile(
    `config/categories/${name}.json`,
    JSON.stringify({
      targets: [complete],
      ...(consistency !== undefined && { consistency }),
      attention: { wait: attentionWait },
    }),
  );
}
