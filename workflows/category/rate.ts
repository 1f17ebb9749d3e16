import type { RunProgress } from '../../activities/contract.js';

interface Measurement {
  readonly at: number;
  readonly rows: number;
  readonly chunks: number;
}

/** Long enough to smooth over chunks that end together, short enough to show that something has changed. */
const windowMs = 5 * 60_000;

export interface Rate {
  readonly rowsPerSecond: number;
  readonly chunksPerSecond: number;
}

/** How fast a run moves, over the last minutes of workflow time. */
export class RateMeter {
  #measurements: Measurement[] = [];

  add(progress: RunProgress, at: number): void {
    const rows = progress.servers.reduce((sum, { steps }) => sum + steps.export.rows, 0);
    const chunks = progress.chunks.done + progress.chunks.skipped;
    // Of those that are too old the latest stays: there must be something to compare with.
    const recent = this.#measurements.filter((measurement) => at - measurement.at <= windowMs);
    const kept = recent.length > 0 ? recent : this.#measurements.slice(-1);
    this.#measurements = [...kept.slice(-20), { at, rows, chunks }];
  }

  get rate(): Rate | undefined {
    const [first, last] = [this.#measurements[0], this.#measurements.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    const seconds = (last.at - first.at) / 1000;
    return {
      rowsPerSecond: Math.max(0, last.rows - first.rows) / seconds,
      chunksPerSecond: Math.max(0, last.chunks - first.chunks) / seconds,
    };
  }

  /** Seconds until all planned chunks are done: by rows where there are any left, else by chunks. */
  eta({ chunks, rowsPlanned, rowsDone }: RunProgress): number | undefined {
    const { rate } = this;
    if (rate === undefined) return undefined;
    const rowsLeft = Math.max(0, rowsPlanned - rowsDone);
    const chunksLeft = Math.max(0, chunks.planned - chunks.done - chunks.skipped - chunks.parked);
    if (chunksLeft === 0) return 0;
    if (rowsLeft > 0 && rate.rowsPerSecond > 0) return Math.ceil(rowsLeft / rate.rowsPerSecond);
    return rate.chunksPerSecond > 0 ? Math.ceil(chunksLeft / rate.chunksPerSecond) : undefined;
  }
}
