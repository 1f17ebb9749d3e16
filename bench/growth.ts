import { join } from 'node:path';
import type { Contestant, Run } from './contest.js';
import { contest } from './contest.js';
import { toolOf } from './contestants.js';
import { type OursRequest, refusalOf, startOurs } from './ours.js';
import { startPlace } from './place.js';
import { keep, machine, numbers, setting } from './result.js';
import { linesOf } from './summary.js';
import { tableOf } from './table.js';
import { cellTable, deviceTable } from './tables.js';
import { settle } from './target.js';

/**
 * `make bench-growth`: how time, CPU and memory of each mode grow with the rows of the founding tables (BENCH_SIZES,
 * 100,000 to 30,000,000), with 1 to 4 chunks in flight (BENCH_CHUNKS); BENCH_ONLY, a regular expression over
 * `10,000,000 rows / tool`, chooses among them. BENCH_RUNS of each (1). Each size has a source and a worker of its own,
 * so that no size inherits memory from another.
 */
const sizes = numbers('BENCH_SIZES', [100_000, 1_000_000, 10_000_000, 30_000_000]);
const inFlight = numbers('BENCH_CHUNKS', [1, 2, 3, 4]);
const times = setting('BENCH_RUNS', 1);
const only = new RegExp(process.env.BENCH_ONLY ?? '');
/** From here on a run is so long that what warms up takes no part of it; its source makes the rows as they are read. */
const coldRows = 20_000_000;
const modes = ['direct', 'staged', 'join'] as const satisfies readonly OursRequest['mode'][];

async function main(): Promise<void> {
  const runs: Run[] = [];
  const notes: string[] = [];
  for (const rows of sizes) {
    const outcome = await measureSize(rows);
    runs.push(...outcome.runs);
    notes.push(...outcome.notes);
    // Kept after each size: the largest takes as long as all others together.
    keep('growth.json', { machine: machine(), lines: linesOf(runs), notes, runs });
  }
  console.log(tableOf(linesOf(runs)));
  for (const note of notes) console.log(`note: ${note}`);
}

async function measureSize(rows: number): ReturnType<typeof contest> {
  const tables = [cellTable(rows), deviceTable(rows)];
  const place = await startPlace(tables, true);
  try {
    const ours = await startOurs(join(place.directory, 'ours'), place.source, place.target);
    try {
      const requests = modes.flatMap((mode) =>
        inFlight.map((concurrency): OursRequest => {
          const read = mode === 'join' ? tables : tables.slice(0, 1);
          return { mode, concurrency, tables: read, checksums: true, keyed: false };
        }),
      );
      const able = requests.filter((request) => refusalOf(request, place.source) === undefined);
      const list = able.map(
        (request): Contestant => ({
          task: `${rows.toLocaleString('en')} rows`,
          tool: toolOf(request),
          rows,
          columns: [],
          run: () => ours.run(request, () => settle(place.admin)),
        }),
      );
      const chosen = list.filter(({ task, tool }) => only.test(`${task} / ${tool}`));
      return await contest(chosen, { times, warm: rows < coldRows }, place.admin, (line) =>
        console.error(line),
      );
    } finally {
      await ours.close();
    }
  } finally {
    await place.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
