import { ApplicationFailure, Context } from '@temporalio/activity';
import type {
  Activities,
  ChunkRef,
  DatabaseRef,
  GuardVerdict,
  Route,
  RunProgress,
  RunSummary,
  ScanPage,
  StepResult,
} from '../../activities/contract.js';
import { workflowControlActivities } from '../../activities/workflow-control.js';

type ChunkState = 'PENDING' | 'DONE' | 'NEEDS_ATTENTION' | 'SKIPPED';
type Database = Pick<DatabaseRef, 'target' | 'server' | 'database'>;

export interface FakePlan {
  /** Keeps the servers of two plans apart; absent: all plans read the same ones. */
  readonly estate?: string;
  readonly databases: readonly Database[];
  readonly chunksPerDatabase: number;
  readonly perServer: number;
  readonly attentionWaitSeconds?: number;
  /** Milliseconds that an export takes. */
  readonly exportMs?: number;
  /** Ranges of a database in which all its windows are read at once; absent: each chunk reads its own. */
  readonly ranges?: number;
  /** Default `transform`. */
  readonly route?: Route;
  readonly outsideHours?: boolean;
  /** How often an operator's limit finds nowhere to be kept, before it does. */
  readonly limitsRefused?: number;
  /** Milliseconds that every other step takes. */
  readonly stepMs?: number;
  /** What a guard of each server says, one after another, as often as it is asked; then it is silent. */
  readonly verdicts?: readonly GuardVerdict[];
}

/** The control tables and the steps, in memory: what workflow tests steer against. Counts what was asked for. */
export class FakeEngine {
  readonly states = new Map<
    string,
    { state: ChunkState; readonly database: Database; readonly ordinal: number }
  >();
  readonly exported: string[] = [];
  readonly failing = new Set<string>();
  readonly mostInFlight = new Map<string, number>();
  /** Sessions on each server at this moment. */
  readonly inFlight = new Map<string, number>();
  readonly limits: { readonly endpoint: string; readonly limit: number }[] = [];
  readonly transformed: string[] = [];
  /** Ranges that were read, databases whose windows were published, and those whose scan was parked, with its cause. */
  readonly scanned: string[] = [];
  readonly published: string[] = [];
  readonly parkedScans: string[] = [];
  planned = 0;
  readonly reports: { readonly state: string; readonly failure?: string }[] = [];
  finalized = 0;
  #verdicts: GuardVerdict[];

  constructor(private readonly plan: FakePlan) {
    this.#verdicts = [...(plan.verdicts ?? [])];
    for (const database of plan.databases)
      for (let ordinal = 0; ordinal < plan.chunksPerDatabase; ordinal += 1)
        this.states.set(chunkId(database, ordinal), { state: 'PENDING', database, ordinal });
  }

  inState(state: ChunkState): number {
    return [...this.states.values()].filter((chunk) => chunk.state === state).length;
  }

  activities(): Activities {
    const { plan, states } = this;
    const done = async (): Promise<StepResult> => {
      await this.#wait(plan.stepMs ?? 0);
      return { rows: 10, bytes: 100, seconds: 0, reused: false };
    };
    const summary = this.#summary();
    return {
      ...workflowControlActivities(),
      outsideAllowedHours: async () => ({ outside: this.plan.outsideHours ?? false, mode: 'drain' }),
      describeRun: async () => summary,
      openRun: async () => {
        const servers = summary.servers.map(({ server }) => server);
        await Promise.all(servers.map((server) => this.#session(server, () => this.#wait(5))));
        return summary;
      },
      planDatabase: ({ server }) =>
        this.#session(server, async () => {
          await this.#wait(5);
          this.planned += 1;
          return { chunks: plan.chunksPerDatabase, done: 0, rows: 10, rowsLeftOut: 0 };
        }),
      readProgress: async () => this.#progress(),
      recordSourceLimit: async ({ endpoint, limit, set }) => {
        this.limits.push({ endpoint, limit });
        return { kept: !set || this.limits.length > (this.plan.limitsRefused ?? 0) };
      },
      watchSource: () =>
        this.#session('guard', async () => {
          const verdict = this.#verdicts.shift();
          await this.#wait(verdict === undefined ? 3_600_000 : 300);
          return verdict as GuardVerdict;
        }),
      prepareTargets: async () => ({ rowsRemoved: 0, rowsOutsidePlan: 0 }),
      listChunks: async ({ target, server, database, afterOrdinal, limit }) => ({
        route: this.plan.route ?? 'transform',
        ...(plan.ranges !== undefined && { onePass: true as const }),
        chunks: [...states]
          .filter(
            ([id, chunk]) => id.startsWith(`${target}/${server}/${database}/`) && chunk.state === 'PENDING',
          )
          .filter(([, chunk]) => chunk.ordinal > afterOrdinal)
          .slice(0, limit)
          .map(([id, chunk]) => ({ chunkId: id, ordinal: chunk.ordinal, window: `w${chunk.ordinal}` })),
      }),
      exportChunk: (ref) => this.#export(ref),
      transformChunk: async ({ chunkId: id }) => {
        this.transformed.push(id);
        return done();
      },
      copyChunk: (ref) => this.#export(ref),
      importChunk: done,
      checksumChunk: async ({ chunkId: id }) => {
        this.#set(id, 'DONE');
        return done();
      },
      openScan: async (ref) => this.#openScan(ref),
      scanRange: ({ rangeId }) =>
        this.#session(rangeId.split('/')[1] ?? '', async () => {
          await this.#wait(plan.exportMs ?? 0);
          if (this.failing.has(rangeId)) throw brokenOnPurpose('SOURCE_QUERY');
          this.scanned.push(rangeId);
          return { rows: 10, bytes: 100, seconds: 0, reused: false };
        }),
      publishScan: async (ref) => {
        if (this.failing.has('publish')) throw brokenOnPurpose('SOURCE_CHANGED');
        this.published.push(databasePath(ref));
        return { windows: plan.chunksPerDatabase, rows: 10 };
      },
      parkScan: async (ref) => {
        this.parkedScans.push(`${databasePath(ref)} ${ref.code}`);
        for (const [id, { state }] of states)
          if (id.startsWith(`${databasePath(ref)}/`) && state === 'PENDING') this.#set(id, 'NEEDS_ATTENTION');
      },
      parkChunk: async ({ chunkId: id }) => this.#set(id, 'NEEDS_ATTENTION'),
      resolveParked: async ({ action, chunk, where = {} }) => {
        const matching = [...states].filter(
          ([id, { database }]) =>
            (chunk ?? id) === id && (where.server ?? database.server) === database.server,
        );
        if (matching.length === 0)
          throw ApplicationFailure.create({
            type: 'CHUNK_UNKNOWN',
            message: `This run has no chunk '${chunk}'.`,
            nonRetryable: true,
          });
        const parked = matching.filter(([, { state }]) => state === 'NEEDS_ATTENTION');
        for (const [id] of parked) this.#set(id, action === 'retry' ? 'PENDING' : 'SKIPPED');
        return {
          resolved: parked.length,
          parked: this.inState('NEEDS_ATTENTION'),
          databases: [...new Set(parked.map(([, { database }]) => database))],
        };
      },
      finalizeTarget: async () => {
        this.finalized += 1;
        return done();
      },
      writeReport: async ({ state, failure }) => {
        this.reports.push({ state, ...(failure !== undefined && { failure }) });
        return {
          state,
          rowsQuarantined: 0,
          report: 'file:///report.json',
          rows: 0,
          chunksDone: this.inState('DONE'),
          chunksParked: this.inState('NEEDS_ATTENTION'),
          chunksSkipped: this.inState('SKIPPED'),
        };
      },
    };
  }

  async #export({ chunkId: id }: ChunkRef): Promise<StepResult> {
    return this.#session(id.split('/')[1] ?? '', async () => {
      await this.#wait(this.plan.exportMs ?? 0);
      if (this.failing.has(id)) throw brokenOnPurpose('CHECKSUM_EXPORT');
      this.exported.push(id);
      return { rows: 10, bytes: 100, seconds: 0, reused: false };
    });
  }

  #openScan(ref: DatabaseRef): ScanPage {
    const all = Array.from({ length: this.plan.ranges ?? 0 }, (_, n) => `${databasePath(ref)}/range${n}`);
    const left = all.filter((range) => !this.scanned.includes(range));
    const open = !this.published.includes(databasePath(ref));
    return { open, of: all.length, ranges: left.map((rangeId) => ({ rangeId, name: rangeId })) };
  }

  async #session<T>(server: string, work: () => Promise<T>): Promise<T> {
    const now = (this.inFlight.get(server) ?? 0) + 1;
    this.inFlight.set(server, now);
    this.mostInFlight.set(server, Math.max(now, this.mostInFlight.get(server) ?? 0));
    try {
      return await work();
    } finally {
      this.inFlight.set(server, (this.inFlight.get(server) ?? 1) - 1);
    }
  }

  /** As real steps do: heartbeats, and ends at once when cancelled. */
  async #wait(milliseconds: number): Promise<void> {
    const context = Context.current();
    const beats = setInterval(() => context.heartbeat(), 200);
    try {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, milliseconds)), context.cancelled]);
    } finally {
      clearInterval(beats);
    }
  }

  #summary(): RunSummary {
    const { plan } = this;
    const servers = [...new Set(plan.databases.map(({ server }) => server))];
    return {
      servers: servers.map((server) => ({
        server,
        endpoint: `${plan.estate ?? 'estate'}-${server}:1433`,
        limit: plan.perServer,
        ...(plan.verdicts !== undefined && { guard: { threshold: 10, recover: 5, everySeconds: 1 } }),
      })),
      databases: plan.databases,
      targets: ['t'],
      attentionWaitSeconds: plan.attentionWaitSeconds ?? 0,
      finalize: true,
    };
  }

  #progress(): RunProgress {
    const counts = (server?: string) => {
      const of = (state?: ChunkState): number =>
        [...this.states.values()].filter(
          (chunk) =>
            (state ?? chunk.state) === chunk.state &&
            (server ?? chunk.database.server) === chunk.database.server,
        ).length;
      return { planned: of(), done: of('DONE'), parked: of('NEEDS_ATTENTION'), skipped: of('SKIPPED') };
    };
    const none = { chunks: 0, rows: 0, bytes: 0 };
    const parked = [...this.states].filter(([, { state }]) => state === 'NEEDS_ATTENTION');
    return {
      chunks: counts(),
      rowsPlanned: 10 * this.states.size,
      rowsDone: 10 * this.inState('DONE'),
      servers: this.#summary().servers.map(({ server }) => ({
        server,
        chunks: counts(server),
        steps: { export: none, transform: none, import: none, checksum: none },
      })),
      parked: parked.slice(0, 10).map(([chunk]) => ({ chunk, code: 'CHECKSUM_EXPORT', message: 'broken' })),
      slow: [],
    };
  }

  #set(id: string, state: ChunkState): void {
    const chunk = this.states.get(id);
    if (chunk !== undefined) chunk.state = state;
  }
}

function brokenOnPurpose(type: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message: 'broken on purpose', nonRetryable: true });
}

function databasePath({ target, server, database }: Database): string {
  return `${target}/${server}/${database}`;
}

export function chunkId({ target, server, database }: Database, ordinal: number): string {
  return `${target}/${server}/${database}/w${ordinal}`;
}
