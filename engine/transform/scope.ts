import type { Column, LogicalType } from '../rows/types.js';
import { type AstNode, list, text } from './sql-ast.js';
import { invalid, unsupported } from './supported-sql.js';

/** A table that a transform may read. */
export interface KnownTable {
  readonly table: string;
  readonly columns: readonly Column[];
}

export interface ColumnOrigin {
  readonly alias: string;
  readonly column: string;
}

export interface TableUse {
  readonly table: string;
  readonly alias: string;
}

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Which aliases and columns are in reach; names are compared as DuckDB does, without case. */
export class Scope {
  readonly #file: string;
  readonly #known: readonly KnownTable[];
  readonly #uses: { readonly alias: string; readonly known: KnownTable }[] = [];

  constructor(file: string, known: readonly KnownTable[]) {
    this.#file = file;
    this.#known = known;
  }

  add(tree: AstNode): TableUse {
    if (tree.type !== 'BASE_TABLE') throw unsupported(this.#file, `${text(tree.type) || 'nothing'} in FROM`);
    const name = text(tree.table_name);
    if (tree.schema_name !== '' || tree.catalog_name !== '' || list(tree.column_name_alias).length > 0) {
      throw invalid(this.#file, `name the source table ${name} alone, with neither schema nor column list`);
    }
    if (tree.sample) throw unsupported(this.#file, 'SAMPLE');
    const known = this.#known.find(({ table }) => sameName(table, name));
    if (!known) {
      const names = this.#known.map(({ table }) => table).join(', ');
      throw invalid(this.#file, `table ${name} is none of this target's source tables (${names})`);
    }
    const alias = text(tree.alias) || name;
    if (this.#uses.some((use) => sameName(use.alias, alias))) {
      throw invalid(this.#file, `two tables are called ${alias}`);
    }
    this.#uses.push({ alias, known });
    return { table: known.table, alias };
  }

  resolve(reference: AstNode): ColumnOrigin {
    const names = list(reference.column_names).map(text);
    const column = names.at(-1) ?? '';
    const uses =
      names.length === 1 ? this.#uses : this.#uses.filter(({ alias }) => sameName(alias, names[0] ?? ''));
    if (uses.length === 0 || names.length > 2) {
      throw invalid(this.#file, `column ${names.join('.')} belongs to no table of FROM`);
    }
    const found = uses.flatMap(({ alias, known }) =>
      known.columns.filter(({ name }) => sameName(name, column)).map(({ name }) => ({ alias, column: name })),
    );
    const [origin] = found;
    if (!origin) throw invalid(this.#file, `column ${names.join('.')} is not in ${this.#describe(uses)}`);
    if (found.length > 1) throw invalid(this.#file, `column ${column} is in several tables; name its table`);
    return origin;
  }

  /** Of a column that `resolve` has found. */
  typeOf({ alias, column }: ColumnOrigin): LogicalType {
    const use = this.#uses.find((candidate) => candidate.alias === alias);
    const found = use?.known.columns.find(({ name }) => name === column);
    if (!found) throw new TypeError(`${alias}.${column} was never resolved`);
    return found.type;
  }

  unused(): readonly string[] {
    const used = new Set(this.#uses.map(({ known }) => known.table));
    return this.#known.map(({ table }) => table).filter((table) => !used.has(table));
  }

  #describe(uses: readonly { readonly known: KnownTable }[]): string {
    return uses
      .map(({ known }) => `${known.table} (${known.columns.map(({ name }) => name).join(', ')})`)
      .join(' or ');
  }
}
