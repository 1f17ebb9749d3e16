import type { ChildProcess } from 'node:child_process';
import { endedChildrenCpuSeconds, forgetPeak, treeCpuSeconds, treeOf, usageOf } from './process-usage.js';
import { megabytes } from './result.js';

/** What one run of one tool took: CPU (user and system) and peak resident memory are its processes' own. */
export interface Figures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The sum of its processes' peaks. */
  readonly rssMb: number;
}

const sampleMs = 20;

/**
 * Measures a process from start to end, with all below it. This process must wait for no other child meanwhile.
 * @throws Error with the end of its output when it fails
 */
export async function measureProcess(start: () => ChildProcess): Promise<Figures> {
  const cpuBefore = endedChildrenCpuSeconds();
  const began = performance.now();
  const child = start();
  const peaks = watchPeaks(child.pid);
  try {
    await ended(child);
  } finally {
    peaks.stop();
  }
  const seconds = (performance.now() - began) / 1000;
  return { seconds, cpuSeconds: endedChildrenCpuSeconds() - cpuBefore, rssMb: peaks.megabytes() };
}

/** Measures what a process that stays does during `work`, with all below it. */
export async function measureWithin(pid: number, work: () => Promise<unknown>): Promise<Figures> {
  for (const each of treeOf(pid)) forgetPeak(each);
  const peaks = watchPeaks(pid);
  const cpuBefore = treeCpuSeconds(pid);
  const began = performance.now();
  try {
    await work();
  } finally {
    peaks.stop();
  }
  const seconds = (performance.now() - began) / 1000;
  return { seconds, cpuSeconds: treeCpuSeconds(pid) - cpuBefore, rssMb: peaks.megabytes() };
}

/** Looks at a tree again and again, as processes below may end before it does. */
function watchPeaks(pid: number | undefined): { stop(): void; megabytes(): number } {
  const peaks = new Map<number, number>();
  const look = (): void => {
    if (pid === undefined) return;
    // One that has ended and is not waited for yet has no memory any more.
    for (const each of treeOf(pid))
      peaks.set(each, Math.max(peaks.get(each) ?? 0, usageOf(each)?.peakRss ?? 0));
  };
  const timer = setInterval(look, sampleMs);
  return {
    stop() {
      clearInterval(timer);
      look();
    },
    megabytes: () => megabytes([...peaks.values()].reduce((sum, peak) => sum + peak, 0)),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-2_000);
    });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (...how) => settle(how));
  });
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code ?? signal}: ${output}`);
}
