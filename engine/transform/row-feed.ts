import {
  BOOLEAN,
  type DuckDBConnection,
  DuckDBScalarFunction,
  DuckDBTableFunction,
  type DuckDBTableFunctionBindInfo,
  INTEGER,
  UBIGINT,
} from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import { batchRows } from '../rows/column-batch.js';
import type { PackedRows } from '../rows/packed-rows.js';
import { duckdbType } from './duckdb-types.js';
import { killAtExitWhile } from './kill-at-exit.js';
import { writeVector } from './vector-write.js';

/** Rows out of JavaScript's memory as a statement sees them. */
export interface FedRows {
  /** SQL of a table with the rows; to be named once in a statement. */
  readonly table: string;
  /** SQL of a condition that is always true, and adds up `hash`, an expression of an unsigned 64-bit number, on its way. */
  adding(hash: string): string;
  /** What the last statement with `table` has read. */
  readonly seen: { readonly rows: number; readonly sum: bigint };
  /** Why they could not be read, of which the statement's own error tells only that. */
  readonly failure: unknown;
  /** No statement can read them any more. */
  close(): void;
}

const names = { table: 'fed_rows', adding: 'fed_adding' } as const;

/**
 * Functions of one DuckDB by which its statements read rows where JavaScript has them, vector by vector: a table of DuckDB's
 * own would copy all of them twice before, on JavaScript's thread. DuckDB calls from a thread of its own and waits for the
 * answer, which is given as soon as JavaScript's thread is free. So while a statement reads them nothing may wait for
 * that statement with this thread, as `closeSync` of its connection would, and as Node does when the process ends.
 */
export class RowFeed {
  readonly #feeds = new Map<number, Feed>();
  #last = 0;

  /** Registers the functions, which all connections of the connection's DuckDB then have. */
  constructor(connection: DuckDBConnection) {
    this.#registerTable(connection);
    this.#registerAdding(connection);
  }

  open(rows: PackedRows): FedRows {
    this.#last += 1;
    const number = this.#last;
    const endable = killAtExitWhile();
    const feed = new Feed(rows, number, () => {
      this.#feeds.delete(number);
      endable();
    });
    this.#feeds.set(number, feed);
    return feed;
  }

  #feed(number: unknown): Feed {
    const feed = this.#feeds.get(number as number);
    if (feed === undefined) throw new Error(`There are no rows ${number}.`);
    return feed;
  }

  #registerTable(connection: DuckDBConnection): void {
    const table = DuckDBTableFunction.create({
      name: names.table,
      parameterTypes: [INTEGER],
      bindFunction: (info) => {
        const feed = this.#feed(info.getParameter(0));
        feed.bind(info);
        info.setBindData(feed);
      },
      initFunction: (info) => {
        // Rows are fed in their order, and by JavaScript's one thread.
        info.setMaxThreads(1);
        (info.bindData as Feed).begin();
      },
      mainFunction: (info, output) => {
        const feed = info.bindData as Feed;
        feed.keepingFailure(() => feed.next(output.chunk));
      },
    });
    connection.registerTableFunction(table);
    table.destroySync();
  }

  #registerAdding(connection: DuckDBConnection): void {
    const adding = new DuckDBScalarFunction();
    adding.setName(names.adding);
    for (const type of [INTEGER, UBIGINT]) adding.addParameter(type);
    adding.setReturnType(BOOLEAN);
    // Otherwise it might be left out, as what it gives is known.
    adding.setVolatile();
    // The wrapper of the function itself would make an object of each row.
    bindings.scalar_function_set_function(adding.scalar_function, (_info, input, output) => {
      const rows = bindings.data_chunk_get_size(input);
      const [number] = wordsOf(bindings.data_chunk_get_vector(input, 0), 1);
      this.#feed(number).add(wordsOf(bindings.data_chunk_get_vector(input, 1), 2 * rows));
      bindings.copy_data_to_vector(output, 0, allTrue.buffer, 0, rows);
    });
    connection.registerScalarFunction(adding);
    adding.destroySync();
  }
}

const allTrue = new Uint8Array(batchRows).fill(1);

/** The first `count` words of 32 bits of a vector. */
function wordsOf(vector: bindings.Vector, count: number): Uint32Array {
  const bytes = bindings.vector_get_data(vector, count * Uint32Array.BYTES_PER_ELEMENT);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
}

const two32 = 2n ** 32n;

class Feed implements FedRows {
  readonly table: string;
  failure: unknown;
  #next = 0;
  #rows = 0;
  #sum = 0n;

  constructor(
    private readonly packed: PackedRows,
    private readonly number: number,
    readonly close: () => void,
  ) {
    this.table = `${names.table}(${number})`;
  }

  adding(hash: string): string {
    return `${names.adding}(${this.number}, ${hash})`;
  }

  get seen(): { readonly rows: number; readonly sum: bigint } {
    return { rows: this.#rows, sum: this.#sum };
  }

  bind(info: DuckDBTableFunctionBindInfo): void {
    for (const { name, type } of this.packed.columns) info.addResultColumn(name, duckdbType(type));
    info.setCardinality(this.packed.rows, true);
  }

  keepingFailure(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** A statement reads from the first row on. */
  begin(): void {
    this.failure = undefined;
    this.#next = 0;
    this.#rows = 0;
    this.#sum = 0n;
  }

  next(output: bindings.DataChunk): void {
    const block = this.packed.blocks[this.#next];
    this.#next += 1;
    if (block !== undefined) {
      for (const [index, vector] of block.columns.entries())
        writeVector(bindings.data_chunk_get_vector(output, index), vector, block.rows);
    }
    bindings.data_chunk_set_size(output, block?.rows ?? 0);
  }

  /** Numbers of 64 bits, the lower half first. */
  add(halves: Uint32Array): void {
    let low = 0;
    let high = 0;
    for (let at = 0; at < halves.length; at += 2) {
      low += halves[at] as number;
      high += halves[at + 1] as number;
    }
    this.#rows += halves.length / 2;
    this.#sum += BigInt(high) * two32 + BigInt(low);
  }
}
