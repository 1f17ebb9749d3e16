import type { Run } from './contest.js';
import { tasks, toolOf } from './contestants.js';
import { round } from './result.js';

/** All runs of one tool at one task: medians, and how far the seconds lie apart. */
export interface Line {
  readonly task: string;
  readonly tool: string;
  readonly rows: number;
  readonly runs: number;
  readonly seconds: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly cpuSeconds: number;
  /** The highest of all runs. */
  readonly rssMb: number;
  readonly readBackSeconds?: number;
  readonly byHandSeconds?: number;
}

/** One line for each task and tool, in the order of their first runs. */
export function linesOf(runs: readonly Run[]): readonly Line[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.task} / ${run.tool}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map(lineOf);
}

function lineOf(runs: readonly Run[]): Line {
  const { task, tool, rows } = runs[0] as Run;
  const seconds = runs.map((run) => run.seconds);
  const readBacks = runs.flatMap(({ readBackSeconds }) => readBackSeconds ?? []);
  const byHand = runs.flatMap(({ byHandSeconds }) => byHandSeconds ?? []);
  return {
    task,
    tool,
    rows,
    runs: runs.length,
    seconds: round(median(seconds), 3),
    fastest: round(Math.min(...seconds), 3),
    slowest: round(Math.max(...seconds), 3),
    cpuSeconds: round(median(runs.map((run) => run.cpuSeconds))),
    rssMb: Math.max(...runs.map((run) => run.rssMb)),
    ...(readBacks.length > 0 && { readBackSeconds: round(median(readBacks), 3) }),
    ...(byHand.length > 0 && { byHandSeconds: round(median(byHand), 3) }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** How a ratio is made; above 1, ours is so many times as fast, or costs that many times as much. */
interface Comparison {
  readonly task: string;
  readonly ours: 'direct' | 'staged' | 'join';
  /** A tool, or ours itself without checksums. */
  readonly theirs?: string;
  readonly of: 'speed' | 'cpu' | 'time' | 'readBack';
}

const comparisons: Readonly<Record<string, Comparison>> = {
  direct_vs_pipe: { task: tasks.copy, ours: 'direct', theirs: 'freebcp | psql', of: 'speed' },
  direct_cpu_vs_pipe: { task: tasks.copy, ours: 'direct', theirs: 'freebcp | psql', of: 'cpu' },
  staged_vs_pipe: { task: tasks.copy, ours: 'staged', theirs: 'freebcp | psql', of: 'speed' },
  join_vs_pipe: { task: tasks.join, ours: 'join', theirs: 'freebcp | psql', of: 'speed' },
  join_vs_spark_job: { task: tasks.join, ours: 'join', theirs: 'Spark, begun anew', of: 'speed' },
  join_vs_spark: { task: tasks.join, ours: 'join', theirs: 'Spark', of: 'speed' },
  direct_vs_sling: { task: tasks.copy, ours: 'direct', theirs: 'sling', of: 'speed' },
  checksums_on_vs_off: { task: tasks.copy, ours: 'direct', of: 'time' },
  read_back_vs_by_hand: { task: tasks.copy, ours: 'direct', of: 'readBack' },
};

/**
 * The ratios of the goals; null where one side has no figures. Ours is always with checksums, and with as many chunks
 * in flight as are fastest: one choice for all ratios of a mode, so that speed and CPU are of the same runs.
 */
export function ratiosOf(lines: readonly Line[]): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    Object.entries(comparisons).map(([name, comparison]) => [name, ratio(lines, comparison)]),
  );
}

function ratio(lines: readonly Line[], { task, ours, theirs, of }: Comparison): number | null {
  const concurrency = fastest(lines, task, ours);
  if (concurrency === undefined) return null;
  const find = (tool: string) => lines.find((line) => line.task === task && line.tool === tool);
  const a = find(toolOf({ mode: ours, concurrency, checksums: true }));
  if (of === 'readBack') return quotient(a?.readBackSeconds, a?.byHandSeconds);
  const b = find(theirs ?? toolOf({ mode: ours, concurrency, checksums: false }));
  switch (of) {
    case 'speed':
      return quotient(b?.seconds, a?.seconds);
    case 'time':
      return quotient(a?.seconds, b?.seconds);
    case 'cpu':
      return quotient(a?.cpuSeconds, b?.cpuSeconds);
  }
}

function quotient(a: number | undefined, b: number | undefined): number | null {
  return a === undefined || b === undefined ? null : round(a / b);
}

/** With how many chunks in flight a mode of ours is fastest. */
function fastest(lines: readonly Line[], task: string, mode: Comparison['ours']): number | undefined {
  const tried = [1, 2, 4].flatMap((concurrency) => {
    const tool = toolOf({ mode, concurrency, checksums: true });
    const line = lines.find((each) => each.task === task && each.tool === tool);
    return line === undefined ? [] : [{ concurrency, seconds: line.seconds }];
  });
  return tried.sort((a, b) => a.seconds - b.seconds)[0]?.concurrency;
}

/** Peak resident memory of each tool over all its tasks. */
export function peaksOf(lines: readonly Line[]): Readonly<Record<string, number>> {
  const peaks: Record<string, number> = {};
  for (const { tool, rssMb } of lines) peaks[tool] = Math.max(peaks[tool] ?? 0, rssMb);
  return peaks;
}
