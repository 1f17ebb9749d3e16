import {
  type IsolationLevel,
  type Parameter,
  type ResultEvent,
  type SqlServerEngine,
  SqlServerError,
  type SqlSession,
} from '../engine/types.js';
import { Recording } from './recording.js';

export interface RecordingOptions {
  /** Rows of every recorded result are sent this many times over; 1 unless given. What the engine counts stays. */
  readonly repeat?: number;
  /** Results with fewer rows are the engine's own each time; 1,000 unless given. */
  readonly fromRows?: number;
  /** Bytes of memory for recordings, beyond which no more are made; 1 GiB unless given. */
  readonly maxBytes?: number;
}

/** Batches that may change rows; a false alarm costs a recording and nothing else. */
const changes = /\b(INSERT|UPDATE|DELETE|TRUNCATE|CREATE|DROP)\b/i;

/**
 * An engine that is never the bottleneck: the first time that a batch of one SELECT with many rows is asked for, it is
 * `engine` that answers, and the bytes sent are kept; from then on they are sent again at the speed of the wire.
 * Logins and all other statements stay `engine`'s. Whatever changes a row forgets every recording.
 */
export function recordingEngine(engine: SqlServerEngine, options: RecordingOptions = {}): SqlServerEngine {
  const shelf = new Shelf(options);
  return {
    login: async (credentials) => new RecordingSession(await engine.login(credentials), shelf),
    close: () => engine.close(),
  };
}

class Shelf {
  readonly repeat: number;
  readonly fromRows: number;
  readonly #maxBytes: number;
  readonly #recordings = new Map<string, Recording>();
  #bytes = 0;

  constructor({ repeat = 1, fromRows = 1_000, maxBytes = 2 ** 30 }: RecordingOptions) {
    this.repeat = repeat;
    this.fromRows = fromRows;
    this.#maxBytes = maxBytes;
  }

  find(key: string): Recording | undefined {
    return this.#recordings.get(key);
  }

  hasRoomFor(recording: Recording): boolean {
    return this.#bytes + recording.bytes <= this.#maxBytes;
  }

  /** Two sessions may have recorded the same at once: the first stays. */
  keep(key: string, recording: Recording): void {
    if (this.#recordings.has(key) || !this.hasRoomFor(recording)) return;
    this.#recordings.set(key, recording);
    this.#bytes += recording.bytes;
  }

  forget(): void {
    this.#recordings.clear();
    this.#bytes = 0;
  }
}

class RecordingSession implements SqlSession {
  constructor(
    private readonly session: SqlSession,
    private readonly shelf: Shelf,
  ) {}

  get database(): string {
    return this.session.database;
  }

  get transactionCount(): number {
    return this.session.transactionCount;
  }

  async *execute(
    sql: string,
    parameters: readonly Parameter[],
    signal: AbortSignal,
  ): AsyncGenerator<ResultEvent, void> {
    if (changes.test(sql)) this.shelf.forget();
    const key = keyOf(this.database, sql, parameters);
    const known = this.shelf.find(key);
    if (known === undefined) {
      yield* this.#record(key, this.session.execute(sql, parameters, signal));
      return;
    }
    yield { kind: 'columns', columns: known.columns };
    yield* stopping(known.rowsAgain(this.shelf.repeat), signal);
    yield { kind: 'done', command: 'select', rows: known.rows * this.shelf.repeat };
  }

  /** Passes a batch's events on and keeps its result, if it is all that the batch gave. */
  async *#record(key: string, events: AsyncIterable<ResultEvent>): AsyncGenerator<ResultEvent, void> {
    let recording: Recording | undefined;
    let others = 0;
    for await (const event of events) {
      if (event.kind === 'columns') {
        if (recording !== undefined) others += 1;
        recording = new Recording(event.columns);
      } else if (event.kind === 'rows') {
        recording?.add(event);
        if (recording !== undefined && !this.shelf.hasRoomFor(recording)) recording = this.#giveUp();
      } else if (event.kind === 'done' && event.command === 'select') {
        yield* this.#end(recording, event);
        continue;
      } else {
        others += 1;
      }
      yield event;
    }
    if (others === 0 && recording !== undefined && recording.rows >= this.shelf.fromRows) {
      this.shelf.keep(key, recording);
    }
  }

  /** The end of a result that has been sent once: what is to be repeated goes before it. */
  *#end(
    recording: Recording | undefined,
    done: ResultEvent & { kind: 'done' },
  ): Generator<ResultEvent, void> {
    const times = recording !== undefined && recording.rows >= this.shelf.fromRows ? this.shelf.repeat : 1;
    if (times > 1) yield* recording?.rowsAgain(times - 1) ?? [];
    yield { ...done, ...(done.rows !== undefined && { rows: done.rows * times }) };
  }

  /** Without a recording the rows can be sent once, but not more often. */
  #giveUp(): undefined {
    if (this.shelf.repeat === 1) return undefined;
    throw new SqlServerError(701, 'There is insufficient system memory to keep this result.', 17, 123);
  }

  call(...args: Parameters<SqlSession['call']>): Promise<number> {
    return this.session.call(...args);
  }

  begin(isolation: IsolationLevel | undefined): Promise<void> {
    return this.session.begin(isolation);
  }

  commit(): Promise<void> {
    return this.session.commit();
  }

  rollback(): Promise<void> {
    return this.session.rollback();
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

const keyOf = (database: string, sql: string, parameters: readonly Parameter[]): string =>
  JSON.stringify([database, sql, parameters], (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );

function* stopping<T>(events: Iterable<T>, signal: AbortSignal): Generator<T, void> {
  for (const event of events) {
    signal.throwIfAborted();
    yield event;
  }
}
