import { setTimeout as sleep } from 'node:timers/promises';
import { batchOf } from '../../../engine/rows/cells.js';
import { PackedRows } from '../../../engine/rows/packed-rows.js';
import type { Column } from '../../../engine/rows/types.js';
import { openDuckDb } from '../../../engine/transform/duckdb.js';

/** Ends while DuckDB reads rows, as the first argument says: by `exit`, or by an error that nobody catches. */
async function main(): Promise<void> {
  const [, , how, spillDirectory = ''] = process.argv;
  const duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 2, spillDirectory });
  const session = await duckdb.openSession(new AbortController().signal);
  const columns: readonly Column[] = [{ name: 'n', type: { kind: 'int', bits: 64 }, nullable: true }];
  const packed = new PackedRows(columns);
  const rows = Array.from({ length: 2_000 }, (_, n) => [BigInt(n)]);
  for (let block = 0; block < 500; block += 1)
    packed.append(batchOf(columns, rows), { from: 0, count: rows.length, ordinal: 0 });
  const fed = session.feed(packed);
  void session.run(`SELECT max(md5((n * m)::VARCHAR)) FROM ${fed.table}, range(1000) r(m)`);
  await sleep(200);
  if (how === 'exit') process.exit(1);
  throw new Error('nobody catches this');
}

void main();
