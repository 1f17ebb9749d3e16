import type { Database } from '../catalog/catalog.js';
import type { ColumnDefinition } from '../definition.js';
import type { Query } from './env.js';
import type { Target } from './target.js';

/** What a statement comes to: a query to stream, or a change to make. */
export type Plan =
  | { readonly kind: 'query'; readonly query: Query }
  | {
      readonly kind: 'write';
      readonly command: 'insert' | 'update' | 'delete' | 'other';
      readonly sql: string;
      /** Tables whose primary key has to be checked afterwards: DuckDB holds no index for it. */
      readonly checkKey?: Target;
    }
  | {
      readonly kind: 'create';
      readonly database: Database;
      readonly schema: string;
      readonly name: string;
      readonly columns: readonly ColumnDefinition[];
      readonly primaryKey: readonly string[];
    }
  | { readonly kind: 'drop'; readonly target: Target | undefined };
