import { defaultCollation } from '../../collations.js';
import type {
  ColumnDefinition,
  DatabaseDefinition,
  DenyDefinition,
  ServerDefinition,
  TableDefinition,
} from '../definition.js';
import { ApplicationLocks } from '../session/application-locks.js';

export interface CatalogTable {
  readonly objectId: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
  readonly indexes: NonNullable<TableDefinition['indexes']>;
  readonly rowLevelSecurity: boolean;
  readonly viewOf: TableDefinition['viewOf'];
}

export interface SessionInfo {
  readonly id: number;
  readonly login: string;
  readonly applicationName: string;
  readonly hostName: string;
  readonly database: string;
  readonly transactionCount: number;
  /** The kind of statement that runs now, as in sys.dm_exec_requests.command. */
  readonly command: string | undefined;
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** A database as the catalog views see it. Tables may come and go (CREATE TABLE, DROP TABLE). */
export class Database {
  readonly name: string;
  readonly collation: string;
  readonly compatibilityLevel: number;
  snapshotIsolation: boolean;
  readCommittedSnapshot: boolean;
  readonly #tables: CatalogTable[] = [];
  #objects = 0;

  constructor(
    readonly id: number,
    definition: Omit<DatabaseDefinition, 'tables'>,
  ) {
    this.name = definition.name;
    this.collation = definition.collation ?? defaultCollation;
    this.compatibilityLevel = definition.compatibilityLevel ?? 160;
    this.snapshotIsolation = definition.snapshotIsolation;
    this.readCommittedSnapshot = definition.readCommittedSnapshot;
  }

  get tables(): readonly CatalogTable[] {
    return this.#tables;
  }

  /** System databases hold no user tables here and allow snapshots always. */
  get system(): boolean {
    return this.id <= 4;
  }

  addTable(definition: Omit<TableDefinition, 'fill'>): CatalogTable {
    const table: CatalogTable = {
      objectId: 245_575_913 + 16_000_057 * this.#objects++,
      schema: definition.schema,
      name: definition.name,
      columns: definition.columns,
      primaryKey: definition.primaryKey,
      indexes: definition.indexes ?? [],
      rowLevelSecurity: definition.rowLevelSecurity ?? false,
      viewOf: definition.viewOf,
    };
    this.#tables.push(table);
    return table;
  }

  removeTable(table: CatalogTable): void {
    this.#tables.splice(this.#tables.indexOf(table), 1);
  }

  table(schema: string, name: string): CatalogTable | undefined {
    return this.#tables.find((table) => same(table.schema, schema) && same(table.name, name));
  }

  /** User schemas with their ids: dbo is 1, others follow in the order of their first table from 5 on. */
  get schemas(): readonly { readonly id: number; readonly name: string }[] {
    const names = new Set(this.#tables.map((table) => table.schema.toLowerCase()).filter((n) => n !== 'dbo'));
    const others = [...names].map((name, index) => ({ id: 5 + index, name }));
    return [{ id: 1, name: 'dbo' }, { id: 3, name: 'INFORMATION_SCHEMA' }, { id: 4, name: 'sys' }, ...others];
  }

  schemaId(name: string): number {
    return this.schemas.find((schema) => same(schema.name, name))?.id ?? 1;
  }
}

/** The server as the catalog views see it. */
export class Server {
  readonly databases: readonly Database[];
  readonly productVersion: string;
  readonly sessions = new Map<number, SessionInfo>();
  readonly applicationLocks = new ApplicationLocks();

  constructor(readonly definition: ServerDefinition) {
    this.productVersion = definition.productVersion ?? '16.0.4135.4';
    const system = ['master', 'tempdb', 'model', 'msdb'].map(
      (name, index) =>
        new Database(index + 1, {
          name,
          snapshotIsolation: name === 'master' || name === 'msdb',
          readCommittedSnapshot: false,
        }),
    );
    this.databases = [
      ...system,
      ...definition.databases.map((database, index) => new Database(5 + index, database)),
    ];
  }

  get name(): string {
    return this.definition.name;
  }

  database(name: string): Database | undefined {
    return this.databases.find((database) => same(database.name, name));
  }

  /** Whether a login has a permission, on a table where one is named. */
  may(login: string, permission: DenyDefinition['permission'], table?: CatalogTable): boolean {
    return !(this.definition.deny ?? []).some(
      (denied) =>
        same(denied.login, login) &&
        denied.permission === permission &&
        (denied.on === undefined ||
          (table !== undefined && same(denied.on, `${table.schema}.${table.name}`))),
    );
  }
}
