import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDbSession } from './duckdb.js';
import { windowId } from './source-views.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';

/** The files that hold the rows of one window; none where it has no row. */
export interface CutWindow {
  readonly window: number;
  readonly files: readonly string[];
}

/** Directories that are filled at a time: DuckDB holds half a megabyte for each, whatever its memory limit is. */
const fanOut = 32;

/** Rows that wait in each thread to be written: what DuckDB keeps by itself ends with many windows in an error. */
const waitingRows = 8_192;

/** Row groups are small, as each file that is open holds one in memory until it is full. */
const sliceOptions = "FORMAT parquet, ROW_GROUP_SIZE_BYTES '256KB'";

const slice = 'migrate~slice';

/**
 * Cuts the rows in the files of `directory` by the number of their window (`windowId`), `from` up to `from + count`, and
 * gives each window in order. Many windows are cut in several rounds, so that memory does not grow with their number. The
 * files go as they are read, those of a window when the next one is asked for.
 */
export async function* cutByWindow(
  session: DuckDbSession,
  directory: string,
  from: number,
  count: number,
): AsyncGenerator<CutWindow, void> {
  const step = stepFor(count);
  const sliced = `${directory}-cut`;
  await writeSlices(session, directory, sliced, `(${quoteDuckdb(windowId)} - ${from}) // ${step}`);
  await rm(directory, { recursive: true, force: true });
  for (let at = 0; at < count; at += step) {
    const own = join(sliced, `${slice}=${at / step}`);
    if (step > 1) yield* cutByWindow(session, own, from + at, Math.min(step, count - at));
    else yield { window: from + at, files: await filesIn(own) };
    await rm(own, { recursive: true, force: true });
  }
  await rm(sliced, { recursive: true, force: true });
}

/** Windows of a slice: a power of `fanOut`, so that there are no more slices than that. */
function stepFor(count: number): number {
  let step = 1;
  while (step * fanOut < count) step *= fanOut;
  return step;
}

async function writeSlices(
  session: DuckDbSession,
  directory: string,
  sliced: string,
  expression: string,
): Promise<void> {
  const files = await filesIn(directory);
  if (files.length === 0) return;
  await session.run(`SET partitioned_write_flush_threshold = ${waitingRows}`);
  const copy = `COPY (SELECT *, ${expression} AS ${quoteDuckdb(slice)}
             FROM read_parquet([${files.map(duckdbLiteral).join(', ')}], hive_partitioning = false))
       TO ${duckdbLiteral(sliced)} (${sliceOptions}, PARTITION_BY (${quoteDuckdb(slice)}))`;
  await session.alone(async () => {
    await rm(sliced, { recursive: true, force: true });
    await session.run(copy);
  });
}

/** Of a directory that need not be there: a slice without rows has none. */
async function filesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.map((name) => join(directory, name));
}
