import { readFileSync } from 'node:fs';

/** Peak resident memory (proc(5), VmHWM) of a process and all below it, in bytes, by process id. */
export function peakMemory(pid: number): ReadonlyMap<number, number> {
  const peaks = new Map<number, number>();
  const visit = (process: number) => {
    const status = read(`/proc/${process}/status`);
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes) peaks.set(process, Number(kilobytes) * 1024);
    for (const child of read(`/proc/${process}/task/${process}/children`).split(' ').filter(Boolean))
      visit(Number(child));
  };
  visit(pid);
  return peaks;
}

/** Empty where the process has ended, or on a system without /proc. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
