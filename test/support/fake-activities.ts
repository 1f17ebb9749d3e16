import { ApplicationFailure } from '@temporalio/activity';
import type { Activities, ChunkRef, DatabaseRef, StepResult } from '../../activities/contract.js';

type ChunkState = 'PENDING' | 'DONE' | 'NEEDS_ATTENTION' | 'SKIPPED';
type Database = Pick<DatabaseRef, 'target' | 'server' | 'database'>;

export interface FakePlan {
  readonly databases: readonly Database[];
  readonly chunksPerDatabase: number;
  readonly perServer: number;
  readonly attentionWaitSeconds?: number;
  /** Milliseconds that an export takes. */
  readonly exportMs?: number;
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
  readonly reports: { readonly state: string; readonly failure?: string }[] = [];
  finalized = 0;
  #inFlight = new Map<string, number>();

  constructor(private readonly plan: FakePlan) {
    for (const database of plan.databases)
      for (let ordinal = 0; ordinal < plan.chunksPerDatabase; ordinal += 1)
        this.states.set(chunkId(database, ordinal), { state: 'PENDING', database, ordinal });
  }

  inState(state: ChunkState): number {
    return [...this.states.values()].filter((chunk) => chunk.state === state).length;
  }

  activities(): Activities {
    const { plan, states } = this;
    const done = async (): Promise<StepResult> => ({ rows: 10, bytes: 100, seconds: 0, reused: false });
    return {
      openRun: async () => ({
        databases: plan.databases,
        targets: ['t'],
        perServer: plan.perServer,
        attentionWaitSeconds: plan.attentionWaitSeconds ?? 0,
        finalize: true,
      }),
      planDatabase: async () => ({ chunks: plan.chunksPerDatabase, done: 0, rows: 10, rowsLeftOut: 0 }),
      prepareTargets: async () => ({ rowsRemoved: 0 }),
      listChunks: async ({ target, server, database, afterOrdinal, limit }) => ({
        chunks: [...states]
          .filter(
            ([id, chunk]) => id.startsWith(`${target}/${server}/${database}/`) && chunk.state === 'PENDING',
          )
          .filter(([, chunk]) => chunk.ordinal > afterOrdinal)
          .slice(0, limit)
          .map(([id, chunk]) => ({ chunkId: id, ordinal: chunk.ordinal, window: `w${chunk.ordinal}` })),
      }),
      exportChunk: (ref) => this.#export(ref),
      transformChunk: done,
      importChunk: done,
      checksumChunk: async ({ chunkId: id }) => {
        this.#set(id, 'DONE');
        return done();
      },
      parkChunk: async ({ chunkId: id }) => this.#set(id, 'NEEDS_ATTENTION'),
      resolveParked: async ({ action, chunk }) => {
        const parked = [...states].filter(
          ([id, { state }]) => state === 'NEEDS_ATTENTION' && (chunk ?? id) === id,
        );
        for (const [id] of parked) this.#set(id, action === 'retry' ? 'PENDING' : 'SKIPPED');
        const pending = [...states.values()].filter(({ state }) => state === 'PENDING');
        return {
          resolved: parked.length,
          parked: this.inState('NEEDS_ATTENTION'),
          databases: [...new Set(pending.map(({ database }) => database))],
        };
      },
      finalizeTarget: async () => {
        this.finalized += 1;
        return done();
      },
      writeReport: async ({ state, failure }) => {
        this.reports.push({ state, ...(failure !== undefined && { failure }) });
        return {
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
    const server = id.split('/')[1] ?? '';
    const now = (this.#inFlight.get(server) ?? 0) + 1;
    this.#inFlight.set(server, now);
    this.mostInFlight.set(server, Math.max(now, this.mostInFlight.get(server) ?? 0));
    try {
      await new Promise((resolve) => setTimeout(resolve, this.plan.exportMs ?? 0));
      if (this.failing.has(id))
        throw ApplicationFailure.create({
          type: 'CHECKSUM_EXPORT',
          message: 'broken on purpose',
          nonRetryable: true,
        });
      this.exported.push(id);
      return { rows: 10, bytes: 100, seconds: 0, reused: false };
    } finally {
      this.#inFlight.set(server, (this.#inFlight.get(server) ?? 1) - 1);
    }
  }

  #set(id: string, state: ChunkState): void {
    const chunk = this.states.get(id);
    if (chunk !== undefined) chunk.state = state;
  }
}

export function chunkId({ target, server, database }: Database, ordinal: number): string {
  return `${target}/${server}/${database}/w${ordinal}`;
}
