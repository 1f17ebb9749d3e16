import type { Activities } from '../../activities/contract.js';
import type { Dependencies } from '../../activities/dependencies.js';
import { type ErrorCode, MigrationError } from '../../engine/errors.js';
import type { Target, TargetClient } from '../../engine/postgres/connection.js';
import type { SourceSession } from '../../engine/sqlserver/connection.js';
import type { Bucket } from '../../engine/storage/bucket.js';

/** Where in a worker's work something happens. Texts are regular expressions. */
export type Place =
  | { readonly on: 'activity'; readonly name: string }
  /** A statement with its values. */
  | { readonly on: 'statement'; readonly text: string }
  /** The COMMIT of a transaction in which such a statement was sent. */
  | { readonly on: 'commit'; readonly text: string }
  /** The first rows of a COPY, whose end is never sent. */
  | { readonly on: 'copy'; readonly text: string }
  /** `<bucket> <method> <key>`. */
  | { readonly on: 'object'; readonly text: string }
  /** `open`, `batch`, `close` of a session on a source. */
  | { readonly on: 'source'; readonly text: string };

export type Act =
  | { readonly kind: 'kill' }
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly times: number }
  | { readonly kind: 'wait'; readonly ms: number; readonly times: number };

/** What a worker is told over its channel, so plain data. */
export interface WorkerFault {
  readonly place: Place;
  /** Before the effect, or after it and before anybody hears of it. */
  readonly when: 'before' | 'after';
  readonly act: Act;
  /** How often the place is passed unharmed first. */
  readonly spare: number;
}

interface Armed {
  readonly fault: WorkerFault;
  spare: number;
  times: number;
}

type Bound<T> = (text: string, work: () => Promise<T>) => Promise<T>;

/** Makes the outside systems behave as usual, except where and when a fault was armed. */
export class WorkerFaults {
  #armed: Armed[] = [];

  /** @param onStrike hears of each strike that the process survives */
  constructor(private readonly onStrike: () => void) {}

  /** Arms these, in the place of all that was armed before. */
  arm(faults: readonly WorkerFault[]): void {
    this.#armed = faults.map((fault) => ({
      fault,
      spare: fault.spare,
      times: fault.act.kind === 'kill' ? 1 : fault.act.times,
    }));
  }

  dependencies(deps: Dependencies): Dependencies {
    const { raw, transformed, stats } = deps.buckets;
    return {
      ...deps,
      target: this.#target(deps.target),
      buckets: {
        raw: this.#bucket('raw', raw),
        transformed: this.#bucket('transformed', transformed),
        stats: this.#bucket('stats', stats),
      },
      openSource: async (...args) =>
        this.#session(await this.#around('source', 'open', () => deps.openSource(...args))),
    };
  }

  activities(activities: Activities): object {
    const faulty = Object.entries(activities).map(
      ([name, run]: [string, (input: never) => Promise<unknown>]) => [
        name,
        (input: never) => this.#around('activity', name, () => run(input)),
      ],
    );
    return Object.fromEntries(faulty);
  }

  /** The armed fault of this place whose turn has come. */
  #due(on: Place['on'], text: string): WorkerFault | undefined {
    const armed = this.#armed.find(({ fault, times }) => times > 0 && isAt(fault.place, on, text));
    if (armed === undefined) return undefined;
    armed.spare -= 1;
    if (armed.spare >= 0) return undefined;
    armed.times -= 1;
    return armed.fault;
  }

  async #around<T>(on: Place['on'], text: string, work: () => Promise<T>): Promise<T> {
    const fault = this.#due(on, text);
    if (fault === undefined) return work();
    if (fault.when === 'before') await this.#strike(fault.act);
    const result = await work();
    if (fault.when === 'after') await this.#strike(fault.act);
    return result;
  }

  async #strike(act: Act): Promise<void> {
    if (act.kind === 'kill') return kill();
    this.onStrike();
    if (act.kind === 'wait') await new Promise((resolve) => setTimeout(resolve, act.ms));
    else throw new MigrationError(act.code, 'The drill made this fail.');
  }

  #bucket(name: string, bucket: Bucket): Bucket {
    const methods = ['putFile', 'put', 'putIf', 'get', 'localFile', 'delete'] as const;
    const changes = methods.map((method) => [
      method,
      (key: string, ...rest: unknown[]) =>
        this.#around('object', `${name} ${method} ${key}`, () =>
          Reflect.apply(bucket[method], bucket, [key, ...rest]),
        ),
    ]);
    return override(bucket, Object.fromEntries(changes));
  }

  #session(session: SourceSession): SourceSession {
    const around: Bound<unknown> = (text, work) => this.#around('source', text, work);
    return override(session, {
      close: () => around('close', () => session.close()),
      inSnapshot: ((level, work) =>
        session.inSnapshot(level, (tx) =>
          work(
            override(tx, {
              stream: (async (statement, params, columns, onBatch, ...rest) =>
                tx.stream(
                  statement,
                  params,
                  columns,
                  async (batch) => void (await around('batch', () => onBatch(batch))),
                  ...rest,
                )) satisfies SourceSession['stream'],
            }),
          ),
        )) satisfies SourceSession['inSnapshot'],
    });
  }

  #target(target: Target): Target {
    const query: Target['query'] = (text, values) =>
      this.#around('statement', statementText([text, values]), () => target.query(text, values));
    const withClient: Target['withClient'] = (work, signal) =>
      target.withClient((client) => work(this.#client(client)), signal);
    const transaction: Target['transaction'] = async (work, signal) => {
      let commit: WorkerFault | undefined;
      const heard = (text: string): void => {
        commit ??= this.#due('commit', text);
      };
      const result = await target.transaction(async (client) => {
        const done = await work(this.#client(client, heard));
        if (commit?.when === 'before') await this.#strike(commit.act);
        return done;
      }, signal);
      if (commit?.when === 'after') await this.#strike(commit.act);
      return result;
    };
    return override(target, { query, withClient, transaction });
  }

  #client(client: TargetClient, heard: (text: string) => void = () => undefined): TargetClient {
    const query = (...args: readonly unknown[]): unknown => {
      const text = statementText(args);
      heard(text);
      const send = (): unknown => Reflect.apply(client.query, client, args);
      // A COPY is a stream, and there at once.
      if (!text.startsWith('COPY ')) return this.#around('statement', text, async () => send());
      const stream = send();
      if (this.#due('copy', text) !== undefined) holdOpen(stream as HeldStream);
      return stream;
    };
    return override(client, { query });
  }
}

function isAt(place: Place, on: Place['on'], text: string): boolean {
  if (place.on !== on) return false;
  return new RegExp(place.on === 'activity' ? `^${place.name}$` : place.text).test(text);
}

interface HeldStream {
  write(...args: unknown[]): boolean;
  end(...args: unknown[]): unknown;
}

/** The rows go out and their end does not, so the server is in the middle of the COPY when the process dies. */
function holdOpen(stream: HeldStream): void {
  const write = stream.write.bind(stream);
  stream.write = (...args) => {
    setTimeout(() => void kill(), 150);
    return write(...args);
  };
  stream.end = () => stream;
}

/** Ends the process as nothing else does: no handler runs, nothing is flushed. */
function kill(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

function statementText([statement, values]: readonly unknown[]): string {
  const text = typeof statement === 'string' ? statement : (statement as { readonly text?: string })?.text;
  const given = Array.isArray(values) ? values.map(String).join(' ') : '';
  return `${text ?? ''} ${given}`.replace(/\s+/g, ' ').trim();
}

/** The object itself with some methods replaced; a copy would lose private fields. */
function override<T extends object>(original: T, changes: object): T {
  return new Proxy(original, {
    get: (target, name) => {
      if (name in changes) return Reflect.get(changes, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
