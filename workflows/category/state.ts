import { log, setCurrentDetails } from '@temporalio/workflow';
import type {
  DatabaseId,
  PlanSummary,
  RunProgress,
  RunSummary,
  ServerProgress,
  StepName,
} from '../../activities/contract.js';
import type { CategoryStatus, Phase, ServerState, ServerStatus, StepTotals } from '../messages.js';
import type { Controls } from './controls.js';
import { detailsOf } from './details.js';
import { RateMeter } from './rate.js';

const keptWarnings = 10;
/** A status stays small on the largest estates. */
const shownServers = 64;
const shownMessage = 300;

export interface CarriedState {
  readonly phase: Phase;
  readonly chunksPlanned: number;
  readonly rowsPlanned: number;
  readonly rowsLeftOut: number;
  readonly warnings: readonly string[];
}

/** Of `<target>/<server>/<database>/<window>`; names of databases may hold slashes. */
function databaseOf(chunk: string): DatabaseId {
  const [target = '', server = '', ...rest] = chunk.split('/');
  return { target, server, database: rest.slice(0, -1).join('/') };
}

/** What migrateCategory knows about its run: counters and names only, for `status` and the Web UI's details. */
export class CategoryState {
  #databases = { running: 0, left: 0 };
  /** What the gates say of the servers, by alias. */
  readonly limits = new Map<string, ServerState>();
  progress: RunProgress | undefined;
  #summary: RunSummary | undefined;
  #measuredAt: number | undefined;
  readonly #rate = new RateMeter();
  #carried: CarriedState;

  constructor(
    private readonly category: string,
    private readonly runId: string,
    private readonly controls: Controls,
    carried?: CarriedState,
  ) {
    this.#carried = carried ?? {
      phase: 'OPENING',
      chunksPlanned: 0,
      rowsPlanned: 0,
      rowsLeftOut: 0,
      warnings: [],
    };
  }

  get carried(): CarriedState {
    return this.#carried;
  }

  get phase(): Phase {
    return this.#carried.phase;
  }

  get parked(): number {
    return this.progress?.chunks.parked ?? 0;
  }

  opened(summary: RunSummary): void {
    this.#summary = summary;
    for (const { server, limit } of summary.servers)
      if (!this.limits.has(server)) this.limits.set(server, { server, limit, now: limit });
    this.show();
  }

  enter(phase: Phase): void {
    this.#carried = { ...this.#carried, phase };
    this.show();
  }

  planned(plan: PlanSummary): void {
    const { chunksPlanned, rowsPlanned, rowsLeftOut } = this.#carried;
    this.#carried = {
      ...this.#carried,
      chunksPlanned: chunksPlanned + plan.chunks,
      rowsPlanned: rowsPlanned + plan.rows,
      rowsLeftOut: rowsLeftOut + plan.rowsLeftOut,
    };
    this.show();
  }

  countDatabases(running: number, left: number): void {
    this.#databases = { running, left };
    this.show();
  }

  measured(progress: RunProgress): void {
    this.progress = progress;
    this.#measuredAt = Date.now();
    this.#rate.add(progress, this.#measuredAt);
    this.show();
  }

  /** A message that cannot be obeyed is told, and never fails the run. */
  warn(message: string): void {
    log.warn(message);
    const short = message.length > shownMessage ? `${message.slice(0, shownMessage)}…` : message;
    this.#carried = { ...this.#carried, warnings: [...this.#carried.warnings, short].slice(-keptWarnings) };
    this.show();
  }

  status(): CategoryStatus {
    const { progress, controls } = this;
    const { phase, rowsLeftOut, rowsPlanned, chunksPlanned, warnings } = this.#carried;
    const { pauses, stopping, total } = controls.state;
    const copying = progress !== undefined && phase === 'COPYING';
    const rate = copying ? this.#rate.rate : undefined;
    const eta = copying ? this.#rate.eta(progress) : undefined;
    return {
      category: this.category,
      runId: this.runId,
      phase,
      pauses,
      ...(stopping !== undefined && { stopping }),
      ...(total !== undefined && { total }),
      servers: this.#servers(),
      chunks: progress?.chunks ?? { planned: chunksPlanned, done: 0, parked: 0, skipped: 0 },
      rowsPlanned: progress?.rowsPlanned ?? rowsPlanned,
      rowsLeftOut,
      steps: totalsOf(progress?.servers ?? []),
      databases: this.#databases,
      ...(progress?.scans !== undefined && { scans: progress.scans }),
      ...(rate !== undefined && rate),
      ...(eta !== undefined && { etaSeconds: eta }),
      parked: progress?.parked ?? [],
      // What is paused stands still for another reason.
      slow: (progress?.slow ?? []).filter(({ chunk }) => controls.holdOf(databaseOf(chunk)) === undefined),
      warnings,
      ...(this.#measuredAt !== undefined && { asOf: new Date(this.#measuredAt).toISOString() }),
    };
  }

  show(): void {
    setCurrentDetails(detailsOf(this.status()));
  }

  #servers(): readonly ServerStatus[] {
    return (this.#summary?.servers ?? []).slice(0, shownServers).map(({ server, limit }) => {
      const known = this.progress?.servers.find((candidate) => candidate.server === server);
      return {
        ...(this.limits.get(server) ?? { server, limit, now: limit }),
        chunks: known?.chunks ?? { planned: 0, done: 0, parked: 0, skipped: 0 },
        steps: known?.steps ?? noSteps,
      };
    });
  }
}

const none: StepTotals = { chunks: 0, rows: 0, bytes: 0 };
const noSteps: Readonly<Record<StepName, StepTotals>> = {
  export: none,
  transform: none,
  import: none,
  checksum: none,
};

function totalsOf(servers: readonly ServerProgress[]): Readonly<Record<StepName, StepTotals>> {
  const add = (name: StepName): StepTotals =>
    servers.reduce(
      (sum, { steps }) => ({
        chunks: sum.chunks + steps[name].chunks,
        rows: sum.rows + steps[name].rows,
        bytes: sum.bytes + steps[name].bytes,
      }),
      none,
    );
  return {
    export: add('export'),
    transform: add('transform'),
    import: add('import'),
    checksum: add('checksum'),
  };
}
