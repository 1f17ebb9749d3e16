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
  /** Of each server's guard. */
  readonly threshold?: number;
  /** Milliseconds that an export takes. */
  readonly exportMs?: number;
  /** Ranges of a database in which all its windows are read at once; absent: each chunk reads its own. */
  readonly ranges?: number;
  /** Default `transform`. */
  readonly route?: Route;
  /** How wide the targets' transforms are; absent: a chunk. */
  readonly scope?: 'database' | 'category';
  readonly outsideHours?: boolean;
  /** How often an operator's limit finds nowhere to be kept, before it does. */
  readonly limitsRefused?: number;
  /** Milliseconds that the transform of a whole takes. */
  readonly wholeMs?: number;
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
  /** Chunks of each whole that was transformed, in time. */
  readonly wholes: (readonly string[])[] = [];
  /** How often a whole waited for what was parked of it. */
  held = 0;
  /** How many of these transforms were cancelled. */
  interrupted = 0;
  /** Ranges that were read, databases whose windows were published, and those whose scan was parked, with its cause. */
  readonly scanned: string[] = [];
  readonly published: string[] = [];
  readonly parkedScans: string[] = [];
  planned = 0;
  /** How often a guard was begun. */
  watches = 0;
  /** What a reload finds changed; a text is why it is refused. */
  revised: Partial<Pick<FakePlan, 'perServer' | 'attentionWaitSeconds' | 'threshold'>> | string = {};
  readonly reports: { readonly state: string; readonly failure?: string }[] = [];
  finalized = 0;
  #verdicts: GuardVerdict[];
  #limitsSet = 0;
  #released: Promise<void> = Promise.resolve();

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
      reloadRun: async () => {
        const { revised } = this;
        if (typeof revised !== 'string')
          return { fields: Object.keys(revised), revision: 1, summary: this.#summary(revised) };
        throw ApplicationFailure.create({ type: 'RELOAD_REFUSED', message: revised, nonRetryable: true });
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
        if (!set) return { kept: true };
        this.#limitsSet += 1;
        return { kept: this.#limitsSet > (this.plan.limitsRefused ?? 0) };
      },
      watchSource: () =>
        this.#session('guard', async () => {
          this.watches += 1;
          const verdict = this.#verdicts.shift();
          await this.#wait(verdict === undefined ? 3_600_000 : 300);
          return verdict as GuardVerdict;
        }),
      prepareTargets: async () => ({ rowsRemoved: 0, rowsOutsidePlan: 0 }),
      listChunks: async ({ target, server, database, afterOrdinal, limit, pass }) => ({
        route: pass === 'all' ? (this.plan.route ?? 'transform') : pass,
        ...(plan.ranges !== undefined && pass !== 'load' && { onePass: true as const }),
        chunks: [...states]
          .filter(
            ([id, chunk]) => id.startsWith(`${target}/${server}/${database}/`) && chunk.state === 'PENDING',
          )
          .filter(([, chunk]) => chunk.ordinal > afterOrdinal)
          .filter(([id]) => pass === 'all' || this.exported.includes(id) === (pass === 'load'))
          .slice(0, limit)
          .map(([id, chunk]) => ({ chunkId: id, ordinal: chunk.ordinal, window: `w${chunk.ordinal}` })),
      }),
      exportChunk: (ref) => this.#export(ref),
      transformChunk: async ({ chunkId: id }) => {
        this.transformed.push(id);
        return done();
      },
      transformWhole: async ({ target, ...where }) => {
        const members = this.#members({ target, ...where });
        const at = (state: ChunkState): number => members.filter((chunk) => chunk.state === state).length;
        const unexported = members.some(
          ({ id, state }) => state === 'PENDING' && !this.exported.includes(id),
        );
        if (unexported) return { state: 'unexported', pending: 0, skipped: 0 };
        if (at('NEEDS_ATTENTION') > 0) {
          this.held += 1;
          return { state: 'parked', pending: 0, skipped: 0 };
        }
        this.wholes.push(members.filter(({ state }) => state !== 'SKIPPED').map(({ id }) => id));
        await this.#wait(this.plan.wholeMs ?? 0).catch((error: unknown) => {
          this.interrupted += 1;
          throw error;
        });
        if (this.failing.has(where.server ?? target))
          throw ApplicationFailure.create({
            type: 'JOIN_FANOUT',
            message: 'broken on purpose',
            nonRetryable: true,
          });
        return { state: 'transformed', pending: at('PENDING'), skipped: at('SKIPPED') };
      },
      parkWhole: async ({ target, server, database }) => {
        const scope = {
          target,
          ...(server !== undefined && { server }),
          ...(database !== undefined && { database }),
        };
        const members = () => this.#members(scope);
        for (const { id, state } of members()) if (state === 'PENDING') this.#set(id, 'NEEDS_ATTENTION');
        return members().filter(({ state }) => state === 'NEEDS_ATTENTION').length;
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
          databases: [
            ...new Set(
              [...states.values()].filter(({ state }) => state === 'PENDING').map(({ database }) => database),
            ),
          ],
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

  #members(where: { readonly target: string; readonly server?: string; readonly database?: string }) {
    return [...this.states]
      .filter(
        ([, { database: of }]) =>
          where.target === of.target &&
          (where.server ?? of.server) === of.server &&
          (where.database ?? of.database) === of.database,
      )
      .map(([id, { state }]) => ({ id, state }));
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

  /** Until the function that it gives is called, no step ends but those that are cancelled. */
  holdSteps(): () => void {
    let release = (): void => undefined;
    this.#released = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  /** As real steps do: heartbeats, and ends at once when cancelled. */
  async #wait(milliseconds: number): Promise<void> {
    const context = Context.current();
    const beats = setInterval(() => context.heartbeat(), 200);
    try {
      const ended = new Promise((resolve) => setTimeout(resolve, milliseconds)).then(() => this.#released);
      await Promise.race([ended, context.cancelled]);
    } finally {
      clearInterval(beats);
    }
  }

  #summary(revised: Partial<FakePlan> = {}): RunSummary {
    const plan = { ...this.plan, ...revised };
    const servers = [...new Set(plan.databases.map(({ server }) => server))];
    return {
      servers: servers.map((server) => ({
        server,
        endpoint: `${plan.estate ?? 'estate'}-${server}:1433`,
        limit: plan.perServer,
        ...(plan.verdicts !== undefined && {
          guard: { threshold: plan.threshold ?? 10, recover: 5, everySeconds: 1, probe: 'load' },
        }),
      })),
      databases: plan.databases,
      targets: ['t'],
      wholes: plan.scope === undefined ? {} : { t: plan.scope },
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
