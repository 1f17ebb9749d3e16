import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SetChecksum } from '../rows/types.js';
import { emptyChecksum, parseSetChecksum } from '../validation/set-checksum.js';
import { bindTransform } from './check-transform.js';
import type { DuckDbSession } from './duckdb.js';
import type { TransformOutcome, WholeRequest, WholeWindow } from './engine.js';
import {
  type Digest,
  outputDigests,
  requireEqualSides,
  type Sides,
  sidesOf,
  sourceDigestSql,
} from './hop-checks.js';
import { checkCollationByWindow } from './join-checks.js';
import { fromClause, qualified } from './join-sql.js';
import type { Lineage } from './lineage.js';
import { checksumOfParquet } from './parquet-file.js';
import { castTo, type PartFile, upload, writeParts } from './part-files.js';
import type { ProgressMeter } from './progress.js';
import { windowId } from './source-views.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';
import { createWholeViews } from './whole-views.js';
import { type CutWindow, cutByWindow } from './window-cut.js';

interface Whole {
  readonly session: DuckDbSession;
  readonly request: WholeRequest;
  readonly lineage: Lineage;
  readonly folded: boolean;
  readonly progress: ProgressMeter;
  /** Where the rows rest that come out of the join. */
  readonly joined: string;
  /** A window's part files, until they are uploaded. */
  readonly parts: string;
}

/**
 * Joins the rows of all windows at once and cuts the result by the window of the left row. The join is written once, then cut
 * by windows, then brought into parts of the wanted size, a window after the other: each step alone, so that all of
 * DuckDB's memory is its own, and other transforms have their turn between two of them.
 */
export async function transformWhole(
  session: DuckDbSession,
  request: WholeRequest,
  scratch: string,
  progress: ProgressMeter,
): Promise<readonly TransformOutcome[]> {
  const tables = await createWholeViews(session, request, scratch, progress);
  const lineage = await bindTransform(session, request.target, tables);
  const folded = request.joinKeys === 'casefold_rtrim';
  const [joined, parts] = [join(scratch, 'joined'), join(scratch, 'parts')];
  const whole = { session, request, lineage, folded, progress, joined, parts };
  const { target, windows, joinKeys } = request;
  const mismatches = await session.alone(() => checkCollationByWindow(session, lineage, joinKeys));
  const sides = sidesOf({ lineage, targetColumns: target.columns, folded });
  const expected = await session.alone(() => digestsByWindow(session, lineage, sides));
  await writeJoined(whole);
  const outcomes: TransformOutcome[] = [];
  for await (const cut of cutByWindow(session, joined, 0, windows.length)) {
    const proven = await transformWindow(whole, cut, sides, expected[cut.window] ?? []);
    outcomes.push({ ...proven, joinMismatches: mismatches.get(cut.window) ?? 0 });
  }
  return outcomes;
}

/** By window and side: what of a source table must come out. */
async function digestsByWindow(
  session: DuckDbSession,
  { left }: Lineage,
  sides: Sides,
): Promise<readonly (readonly SetChecksum[])[]> {
  const found: SetChecksum[][] = [];
  for (const [index, side] of sides.entries()) {
    const sql = sourceDigestSql(side, qualified(left.alias, windowId));
    for (const { window, rows, sum } of await session.rows<Digest & { readonly window: number }>(sql)) {
      const ofWindow = found[window] ?? sides.map(() => emptyChecksum);
      ofWindow[index] = parseSetChecksum(rows, sum);
      found[window] = ofWindow;
    }
  }
  return found;
}

/** Small row groups, as a thread holds one in memory until it is full. */
const joinedOptions = "FORMAT parquet, PER_THREAD_OUTPUT, ROW_GROUP_SIZE_BYTES '4MB'";

/** With nothing but the join in memory: files of any window's rows. */
async function writeJoined({ session, request, lineage, folded, joined }: Whole): Promise<void> {
  const window = quoteDuckdb(windowId);
  const select = `${lineage.selectList}, ${qualified(lineage.left.alias, windowId)} AS ${window}`;
  const copy = `COPY (SELECT ${castTo(request.target.columns)}, ${window}
             FROM (${select} ${fromClause(lineage, { folded })}) AS transformed)
       TO ${duckdbLiteral(joined)} (${joinedOptions})`;
  await session.alone(async () => {
    await rm(joined, { recursive: true, force: true });
    await session.run(copy);
  });
}

async function transformWindow(
  whole: Whole,
  cut: CutWindow,
  sides: Sides,
  expected: readonly SetChecksum[],
): Promise<Omit<TransformOutcome, 'joinMismatches'>> {
  const { session, request, progress, parts } = whole;
  const { output, signal } = request;
  const { sources, prefix } = request.windows[cut.window] as WholeWindow;
  const { files, ...proven } = await session.alone(() => proveWindow(whole, cut, sides, expected));
  const uploaded = await upload(files, { ...output, prefix }, signal, progress);
  await rm(parts, { recursive: true, force: true });
  const bytes = uploaded.reduce((sum, part) => sum + part.bytes, 0);
  const rowsOfLeft = sources.find(({ table }) => table === proven.left.table)?.manifest.rows ?? 0;
  const unmatchedLeft = rowsOfLeft - proven.left.expected.rows;
  return { parts: uploaded, bytes, unmatchedLeft, ...proven };
}

/** Brings the window's rows into part files, and compares them with the rows that they are of. */
async function proveWindow(
  { session, request, lineage, folded, parts }: Whole,
  { files: joined }: CutWindow,
  sides: Sides,
  expected: readonly SetChecksum[],
): Promise<
  Pick<TransformOutcome, 'rows' | 'checksum' | 'left' | 'rights'> & { readonly files: readonly PartFile[] }
> {
  const { target, partRows } = request;
  const files = await partsOf(session, joined, castTo(target.columns), partRows, parts);
  const paths = files.map(({ path }) => path);
  const actual = await outputDigests(session, paths, sides);
  const { left, rights } = await requireEqualSides({ session, lineage, folded }, sides, expected, actual);
  const checksum = paths.length > 0 ? await checksumOfParquet(session, paths, target.columns) : emptyChecksum;
  return { files, rows: checksum.rows, checksum, left, rights };
}

function partsOf(
  session: DuckDbSession,
  joined: readonly string[],
  list: string,
  partRows: number,
  parts: string,
): Promise<readonly PartFile[]> {
  if (joined.length === 0) return Promise.resolve([]);
  const files = joined.map(duckdbLiteral).join(', ');
  const query = `SELECT ${list} FROM read_parquet([${files}], hive_partitioning = false)`;
  return writeParts(session, query, partRows, parts);
}
