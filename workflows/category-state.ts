import { log, setCurrentDetails } from '@temporalio/workflow';
import type { PlanSummary } from '../activities/contract.js';
import type { CategoryStatus, Phase } from './messages.js';
import type { DatabaseProgress } from './migrate-database.js';

const keptWarnings = 10;

/** What migrateCategory knows about its run: counters only, shown by `status` and in the Web UI's details. */
export class CategoryState {
  phase: Phase = 'OPENING';
  paused = false;
  perServer = 0;
  chunksParked = 0;
  databasesRunning = 0;
  databasesLeft = 0;
  #chunksPlanned = 0;
  #rowsPlanned = 0;
  #rowsLeftOut = 0;
  #chunksDone = 0;
  #rowsImported = 0;
  readonly #warnings: string[] = [];

  constructor(private readonly category: string) {}

  enter(phase: Phase): void {
    this.phase = phase;
    this.show();
  }

  planned(plan: PlanSummary): void {
    this.#chunksPlanned += plan.chunks;
    this.#chunksDone += plan.done;
    this.#rowsPlanned += plan.rows;
    this.#rowsLeftOut += plan.rowsLeftOut;
    this.show();
  }

  copied(progress: DatabaseProgress): void {
    this.#chunksDone += progress.chunksDone;
    this.#rowsImported += progress.rows;
    this.chunksParked += progress.chunksParked;
    this.databasesLeft -= 1;
    this.show();
  }

  /** A message that cannot be obeyed is told, and never fails the run. */
  warn(message: string): void {
    log.warn(message);
    this.#warnings.push(message);
    if (this.#warnings.length > keptWarnings) this.#warnings.shift();
    this.show();
  }

  status(): CategoryStatus {
    return {
      category: this.category,
      phase: this.phase,
      paused: this.paused,
      perServer: this.perServer,
      chunksPlanned: this.#chunksPlanned,
      rowsPlanned: this.#rowsPlanned,
      rowsLeftOut: this.#rowsLeftOut,
      chunksDone: this.#chunksDone,
      chunksParked: this.chunksParked,
      rowsImported: this.#rowsImported,
      databasesRunning: this.databasesRunning,
      databasesLeft: this.databasesLeft,
      warnings: [...this.#warnings],
    };
  }

  show(): void {
    const { phase, paused, chunksPlanned, chunksDone, chunksParked, rowsImported, databasesLeft } =
      this.status();
    const leftOut =
      this.#rowsLeftOut > 0 ? [`\n${this.#rowsLeftOut} rows lie outside of input_partition.`] : [];
    setCurrentDetails(
      [
        `**${phase}**${paused ? ' (paused)' : ''}`,
        '',
        '| chunks planned | done | parked | rows imported | databases left |',
        '|---|---|---|---|---|',
        `| ${chunksPlanned} | ${chunksDone} | ${chunksParked} | ${rowsImported} | ${databasesLeft} |`,
        ...leftOut,
        ...this.#warnings.map((warning) => `\n> ${warning}`),
      ].join('\n'),
    );
  }
}
