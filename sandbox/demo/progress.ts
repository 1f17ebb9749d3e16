import { MultiBar, type SingleBar } from 'cli-progress';
import { type Progress, type Step, steps } from './control.js';

export interface ProgressView {
  show(progress: Progress): void;
  end(): void;
}

/** Bars on a terminal, a plain line every few seconds elsewhere (a log file, a CI). */
export function createProgressView(stream: NodeJS.WriteStream): ProgressView {
  return stream.isTTY ? bars(stream) : plainLines((line) => stream.write(`${line}\n`));
}

function bars(stream: NodeJS.WriteStream): ProgressView {
  const multi = new MultiBar({
    stream,
    format: '  {name} {bar} {percentage}%  {value}/{total} rows  {rate}  ETA {left}',
    clearOnComplete: false,
    hideCursor: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    emptyOnZero: true,
  });
  const estimate = estimator();
  const made = new Map<Step, SingleBar>();
  return {
    show(progress) {
      for (const { step, done, total, rate, left } of estimate(progress)) {
        const payload = { name: step.padEnd(9), rate: `${rate}/s`, left };
        const bar = made.get(step) ?? multi.create(0, 0, payload);
        made.set(step, bar);
        bar.setTotal(total);
        bar.update(Math.min(done, total), payload);
      }
    },
    end: () => multi.stop(),
  };
}

/** At most one line in five seconds, and none that says the same again. */
export function plainLines(write: (line: string) => void, now: () => number = Date.now): ProgressView {
  const estimate = estimator(now);
  const began = now();
  let written = Number.NEGATIVE_INFINITY;
  let last = '';
  const line = (progress: Progress): string => {
    const parts = estimate(progress).map(({ step, done, total, rate, left }) => {
      const percent = total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 0;
      return `${step} ${percent}% (${rate} rows/s, ETA ${left})`;
    });
    const { chunksDone, chunks, chunksParked } = progress;
    return `chunks ${chunksDone}/${chunks}${chunksParked ? `, ${chunksParked} need attention` : ''}  ${parts.join('  ')}`;
  };
  return {
    show(progress) {
      if (progress.chunks === 0 || now() - written < 5_000) return;
      const text = line(progress);
      if (text === last) return;
      last = text;
      written = now();
      write(`${((now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
    },
    end: () => undefined,
  };
}

interface StepEstimate {
  readonly step: Step;
  readonly done: number;
  readonly total: number;
  readonly rate: string;
  readonly left: string;
}

/** Rates count from the first look at which a step had rows or could have had them: planning is not copying. */
function estimator(now: () => number = Date.now): (progress: Progress) => readonly StepEstimate[] {
  let began: number | undefined;
  return (progress) => {
    if (progress.chunks > 0) began ??= now();
    const seconds = began === undefined ? 0 : (now() - began) / 1000;
    return steps.map((step) => {
      const total = step === 'export' ? progress.sourceRows : progress.targetRows;
      const done = progress.steps[step] ?? 0;
      const rate = seconds > 0 ? done / seconds : 0;
      return {
        step,
        done,
        total,
        rate: Math.round(rate).toLocaleString('en'),
        left: duration((total - done) / rate),
      };
    });
  };
}

function duration(seconds: number): string {
  if (seconds <= 0) return '0 s';
  if (!Number.isFinite(seconds)) return '-';
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
