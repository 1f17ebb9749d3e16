import type { Database, Server } from '../catalog/catalog.js';
import { ambiguousColumn, invalidColumn, unboundIdentifier } from '../errors.js';
import type { Node } from '../parse/ast.js';
import type { Parameter, ResultColumn, SqlType } from '../types.js';
import type { Expr } from './expr.js';

/** What a session knows that a statement may ask for. */
export interface SessionFacts {
  readonly id: number;
  readonly login: string;
  readonly hostName: string;
  readonly applicationName: string;
  readonly transactionCount: number;
  readonly rowCount: number;
}

/** A query in DuckDB SQL; its columns are named c1, c2, … there, and `columns` has their T-SQL names and types. */
export interface Query {
  readonly sql: string;
  readonly columns: readonly ResultColumn[];
}

/** The environment of one statement's translation. */
export interface Env {
  readonly server: Server;
  readonly database: Database;
  readonly facts: SessionFacts;
  readonly now: Date;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Databases whose user tables the statement reads or writes, for the rules of SNAPSHOT isolation. */
  readonly touched: Set<Database>;
  /** A name that no other source of the statement has. */
  alias(): string;
  /** Translates a query in a scope; given by the query translator, so that expressions need not know it. */
  query(node: Node, outer: Scope | undefined): Query;
}

interface SourceColumn {
  readonly name: string;
  readonly expr: Expr;
}

/** One table, view or derived table of a FROM clause. */
export interface Source {
  readonly names: readonly string[];
  readonly columns: readonly SourceColumn[];
}

export interface CommonTable {
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly nullable: boolean }[];
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The names that an expression may use: sources of its FROM clause, then those of the queries around it. */
export class Scope {
  /** Expressions of GROUP BY with what stands for them above the grouping; absent while nothing is grouped. */
  grouping: Grouping | undefined;

  constructor(
    readonly sources: readonly Source[],
    readonly tables: readonly CommonTable[],
    readonly outer: Scope | undefined,
  ) {}

  /** Resolves a column name. Throws 207, 209 or 4104. */
  column(name: string, qualifier: readonly string[]): { readonly expr: Expr; readonly scope: Scope } {
    const found = this.#find(name, qualifier);
    if (found) return { expr: found, scope: this };
    if (this.outer) return this.outer.column(name, qualifier);
    if (qualifier.length > 0 && !this.#knows(qualifier)) {
      throw unboundIdentifier([...qualifier, name].join('.'));
    }
    throw invalidColumn(name);
  }

  #find(name: string, qualifier: readonly string[]): Expr | undefined {
    const candidates = this.sources
      .filter((source) => qualifier.length === 0 || matches(source, qualifier))
      .flatMap((source) => source.columns.filter((column) => same(column.name, name)));
    if (candidates.length > 1) throw ambiguousColumn(name);
    return candidates[0]?.expr;
  }

  #knows(qualifier: readonly string[]): boolean {
    if (this.sources.some((source) => matches(source, qualifier))) return true;
    return this.outer ? this.outer.#knows(qualifier) : false;
  }
}

/** `a.b.column` matches a source named `b` or `a.b`: names are kept from the table's name outwards. */
export function matches(source: Source, qualifier: readonly string[]): boolean {
  const inward = [...qualifier].reverse();
  return inward.every((part, index) => {
    const name = source.names[index];
    return name !== undefined && same(name, part);
  });
}

export interface Grouping {
  readonly bySql: ReadonlyMap<string, Expr>;
  readonly byText: ReadonlyMap<string, Expr>;
  /** Set while the argument of an aggregate is translated. */
  inAggregate: boolean;
}
