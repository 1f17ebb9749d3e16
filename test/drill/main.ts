import { mkdirSync, writeFileSync } from 'node:fs';
import { strikeAll } from './lanes.js';
import { points } from './points.js';
import type { Outcome } from './strike-point.js';

/**
 * `make drill`: strikes every point, or those whose name DRILL_POINT matches, with the seed DRILL_SEED, and writes
 * out/drill.json. Exit code 1 where one failed.
 */
async function main(): Promise<void> {
  const seed = Number(process.env.DRILL_SEED || Date.now() % 1_000_000);
  const lanes = Number(process.env.DRILL_LANES || 3);
  const wanted = new RegExp(process.env.DRILL_POINT ?? '');
  const chosen = points.filter(({ name }) => wanted.test(name));
  if (!Number.isInteger(seed) || !(lanes >= 1) || chosen.length === 0)
    throw new Error(
      'DRILL_SEED and DRILL_LANES are whole numbers, and DRILL_POINT is a regular expression for some of these names:\n' +
        points.map(({ name }) => name).join('\n'),
    );
  process.stdout.write(`${chosen.length} fault points; DRILL_SEED=${seed} repeats them.\n`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let done = 0;
  const onOutcome = (outcome: Outcome): void => {
    done += 1;
    tell(outcome, done, chosen.length);
  };
  const outcomes = await strikeAll(chosen, { seed, lanes, onOutcome, signal: stop.signal });
  const failed = outcomes.filter(({ result }) => result === 'fail').length;
  writeReport(outcomes);
  process.stdout.write(`${outcomes.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 || stop.signal.aborted ? 1 : 0;
}

/** In the order of the list, whichever lane was first. */
function writeReport(outcomes: readonly Outcome[]): void {
  const order = points.map(({ name }) => name);
  const listed = [...outcomes]
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    .map(({ name, seed, result, seconds }) => ({ name, seed, result, seconds }));
  mkdirSync('out', { recursive: true });
  writeFileSync('out/drill.json', `${JSON.stringify({ points: listed }, null, 2)}\n`);
}

function tell({ name, result, seconds, notes }: Outcome, done: number, all: number): void {
  const lines = [`[${done}/${all}] ${result} ${seconds.toFixed(1).padStart(6)} s  ${name}`, ...notes];
  process.stdout.write(`${lines.join('\n         ')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
