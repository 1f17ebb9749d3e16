import {
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  isCancellation,
  proxyActivities,
  startChild,
} from '@temporalio/workflow';
import type { Activities, DatabaseRef } from '../../activities/contract.js';
import { type Cause, causeOf } from '../cause-of.js';
import { type DatabaseControls, haltSignal, workflowIds } from '../messages.js';
import { type ChunkOutcome, migrateChunk } from '../migrate-chunk.js';
import { controlOptions, maxRounds } from '../options.js';
import { takingOver } from '../taking-over.js';
import type { Chunk } from './pending-chunks.js';

interface InFlight {
  readonly scope: CancellationScope;
  child?: ChildWorkflowHandle<typeof migrateChunk>;
  /** It has, or may have, a session at the source. */
  exporting: boolean;
  /** Told to end after its running step. */
  halted: boolean;
  /** Cancelled by a hold, and so to be started again. */
  interrupted: boolean;
}

export interface ChunkEvents {
  /** Whatever may change what is to be done next. */
  readonly changed: () => void;
  /** The chunk is pending still and must be taken again. */
  readonly again: (chunk: Chunk) => void;
  /** What ends the database, once the others have ended. */
  readonly failed: (error: unknown) => void;
}

const { parkChunk } = proxyActivities<Activities>(controlOptions);

const partsGone = (times: string): Cause => ({
  code: 'PARTS_GONE',
  message: `The chunk's parts vanished from the bucket${times}. Look for a lifecycle rule or a second run, then retry.`,
});

/** The migrateChunk children of a database: started, held and cleared up after. One that fails is parked. */
export class ChunksInFlight {
  readonly #chunks = new Map<string, InFlight>();
  /** How often a chunk has begun at its source, of those that lost their parts. */
  readonly #rounds = new Map<string, number>();
  #ended = { done: 0, parked: 0 };

  constructor(
    private readonly category: string,
    private readonly database: DatabaseRef,
    private readonly events: ChunkEvents,
  ) {}

  get size(): number {
    return this.#chunks.size;
  }

  get ids(): Iterable<string> {
    return this.#chunks.keys();
  }

  get ended(): { readonly done: number; readonly parked: number } {
    return this.#ended;
  }

  /** Sessions at the source. */
  get exporting(): number {
    return [...this.#chunks.values()].filter(({ exporting }) => exporting).length;
  }

  exported(chunkId: string): void {
    const chunk = this.#chunks.get(chunkId);
    if (chunk !== undefined) chunk.exporting = false;
  }

  start(chunk: Chunk): void {
    const exporting = chunk.route !== 'load';
    const entry = { scope: new CancellationScope(), exporting, halted: false, interrupted: false };
    this.#chunks.set(chunk.chunkId, entry);
    void this.#run(chunk, entry)
      .catch((error: unknown): 'failed' => {
        this.events.failed(error);
        return 'failed';
      })
      .then((outcome) => {
        // Before it is pending again: a list that leaves out what is in flight must not leave it out.
        this.#chunks.delete(chunk.chunkId);
        if (outcome === 'again') this.events.again(chunk);
        this.events.changed();
      });
  }

  /** Cancels all that runs, to be started again. */
  interrupt(): void {
    for (const chunk of this.#chunks.values()) {
      chunk.interrupted = true;
      chunk.scope.cancel();
    }
  }

  /** Has chunks end after their running step for as long as they are held. */
  async hold({ hold, yield: yields }: DatabaseControls): Promise<void> {
    const halt = hold !== undefined || yields === true;
    await Promise.all([...this.#chunks.values()].map((chunk) => tellHalt(chunk, halt)));
  }

  async #run(chunk: Chunk, entry: InFlight): Promise<'done' | 'again' | 'parked'> {
    try {
      const outcome = await entry.scope.run(() => this.#child(chunk, entry));
      if (outcome === 'halted') return 'again';
      // Of a whole it cannot be made again alone.
      if (outcome === 'parts gone' && chunk.route === 'load') return await this.#park(chunk, partsGone(''));
      if (outcome === 'parts gone')
        return this.#mayBeginAgain(chunk)
          ? 'again'
          : await this.#park(chunk, partsGone(` ${maxRounds} times`));
      this.#ended.done += 1;
      return 'done';
    } catch (error) {
      // Only the database's own cancellation ends it; one chunk cancelled by hand parks.
      if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
      // Whatever became of it while it was being cancelled, it shows when it runs again.
      return entry.interrupted ? 'again' : await this.#park(chunk, causeOf(error));
    }
  }

  async #child({ chunkId, window, route }: Chunk, entry: InFlight): Promise<ChunkOutcome> {
    const { target, server, database } = this.database;
    const child = await takingOver(() =>
      startChild(migrateChunk, {
        workflowId: workflowIds.chunk(this.category, this.database, window),
        args: [{ ...this.database, chunkId, window, route }],
        staticSummary: `${target} ${server}/${database} ${window}`,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      }),
    );
    entry.child = child;
    // It has still to be told of a hold that came while it was being started.
    this.events.changed();
    return child.result();
  }

  async #park({ chunkId }: Chunk, cause: Cause): Promise<'parked'> {
    await parkChunk({ runId: this.database.runId, chunkId, ...cause });
    this.#ended.parked += 1;
    return 'parked';
  }

  #mayBeginAgain({ chunkId }: Chunk): boolean {
    const rounds = (this.#rounds.get(chunkId) ?? 1) + 1;
    this.#rounds.set(chunkId, rounds);
    return rounds <= maxRounds;
  }
}

async function tellHalt(chunk: InFlight, halt: boolean): Promise<void> {
  if (chunk.child === undefined || chunk.halted === halt) return;
  chunk.halted = halt;
  // One that has just ended needs no telling.
  await chunk.child.signal(haltSignal, halt).catch(() => undefined);
}
