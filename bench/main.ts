import { join } from 'node:path';
import { chartOf } from './chart.js';
import { contest } from './contest.js';
import { contestants, shapesOf, tasks } from './contestants.js';
import { startOurs } from './ours.js';
import type { Peer, StartPeer } from './peers/peer.js';
import { startPipe } from './peers/pipe.js';
import { startSling } from './peers/sling.js';
import { startSpark, startSparkJobs } from './peers/spark.js';
import { type Place, startPlace } from './place.js';
import { keep, machine, setting } from './result.js';
import { linesOf, peaksOf, ratiosOf } from './summary.js';
import { tableOf } from './table.js';
import { cellTable, deviceTable } from './tables.js';

/**
 * `make bench`: the product beside the tools that others would take, on the same source and target, by turns. ROWS of
 * the founding tables (1,000,000), BENCH_RUNS of each (5), BENCH_TLS `on` or `off` for all alike, BENCH_ONLY a regular
 * expression over `task / tool`.
 */
const rows = setting('ROWS', 1_000_000);
const times = setting('BENCH_RUNS', 5);
const tls = (process.env.BENCH_TLS ?? 'on') !== 'off';
const only = new RegExp(process.env.BENCH_ONLY ?? '');

const peerStarts: Readonly<Record<string, StartPeer>> = {
  'freebcp | psql': startPipe,
  sling: startSling,
  Spark: startSpark,
  'Spark, begun anew': startSparkJobs,
};

const say = (line: string): void => console.error(line);

async function main(): Promise<void> {
  const founding = { cell: cellTable(rows), device: deviceTable(rows) };
  const others = shapesOf(rows);
  const place = await startPlace([founding.cell, founding.device, ...Object.values(others)], tls);
  const peers: Peer[] = [];
  try {
    const ours = await startOurs(join(place.directory, 'ours'), place.source, place.target);
    try {
      const missing = await startPeers(place, peers);
      const { list, notes } = contestants(place, ours, peers, { founding, others });
      const chosen = list.filter(({ task, tool }) => only.test(`${task} / ${tool}`));
      const outcome = await contest(chosen, { times, warm: true }, place.admin, say);
      tell({ ...outcome, notes: [...missing, ...notes, ...outcome.notes] });
    } finally {
      await ours.close();
    }
  } finally {
    for (const peer of peers) await peer.close();
    await place.close();
  }
}

/** Each is optional: returns why those that are not there cannot be had. */
async function startPeers(place: Place, started: Peer[]): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [name, start] of Object.entries(peerStarts)) {
    if (!only.test(`${tasks.copy} / ${name}`) && !only.test(`${tasks.join} / ${name}`)) continue;
    try {
      const scratch = join(place.directory, name.replaceAll(/\W+/g, '-'));
      started.push(await start({ source: place.source, target: place.target, scratch }));
    } catch (error) {
      missing.push(`${name} is left out: ${error instanceof Error ? error.message : error}`);
    }
  }
  return missing;
}

function tell({ runs, notes }: Awaited<ReturnType<typeof contest>>): void {
  const lines = linesOf(runs);
  const ratios = ratiosOf(lines);
  keep('latest.json', { machine: machine(), rows, tls, ratios, rss_mb: peaksOf(lines), notes, runs });
  keep('latest.svg', chartOf(lines, [tasks.copy, tasks.join]));
  console.log(tableOf(lines));
  for (const [name, value] of Object.entries(ratios)) console.log(`${name.padEnd(24)}${value ?? '-'}`);
  for (const note of notes) console.log(`note: ${note}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
