import type { Dependencies } from '../../activities/dependencies.js';
import type { Target, TargetClient } from '../../engine/postgres/connection.js';
import type { Bucket } from '../../engine/storage/bucket.js';

/** Ends the process as `kill -9` would; never returns. */
type Crash = () => Promise<never>;
/** Dependencies that behave as the given ones until the named point, where the process dies. */
type CrashPoint = (deps: Dependencies, crash: Crash) => Dependencies;

/** How many chunks pass a point unharmed, so that the crash finds one done and others under way. */
const spared = 1;

/** Before and after every side effect of a run. Names are what a worker is told to die at. */
export const crashPoints = {
  'raw parts uploaded, no manifest': rawManifest(1, 'before'),
  'first raw manifest of two': rawManifest(1, 'after'),
  'both raw manifests, no answer': rawManifest(2, 'after'),
  'transformed parts uploaded, no manifest': transformedManifest('before'),
  'transformed manifest, no answer': transformedManifest('after'),
  'in the middle of COPY': onCopy('during'),
  'after COPY, before the commit': onCopy('before commit'),
  'after the commit, no answer': onCopy('after commit'),
  'target built, waiting to swap': onFinalize('before'),
  'target swapped, not recorded': onFinalize('after'),
  'report written, run not ended': (deps, crash) =>
    withBucket(deps, 'stats', {
      putFile: async (key, path, signal) => {
        const bytes = await deps.buckets.stats.putFile(key, path, signal);
        return key.endsWith('report.json') ? crash() : bytes;
      },
    }),
  'removal not committed': onRemoval('before'),
  'removal committed': onRemoval('after'),
  nowhere: (deps) => deps,
} satisfies Record<string, CrashPoint>;
export type CrashPointName = keyof typeof crashPoints;

/** Those of one chunk, in the order in which it comes to them. */
export const chunkPoints = [
  'raw parts uploaded, no manifest',
  'first raw manifest of two',
  'both raw manifests, no answer',
  'transformed parts uploaded, no manifest',
  'transformed manifest, no answer',
  'in the middle of COPY',
  'after COPY, before the commit',
  'after the commit, no answer',
] as const satisfies readonly CrashPointName[];

type When = 'before' | 'after';

/** Manifests of one export carry one attempt, so they are counted by it. */
function rawManifest(ordinal: number, when: When): CrashPoint {
  return (deps, crash) => {
    const seen = new Map<string, number>();
    const due = turns();
    return withBucket(deps, 'raw', {
      putIf: async (key, body, expected) => {
        const { attempt } = JSON.parse(body) as { readonly attempt: string };
        const nth = (seen.get(attempt) ?? 0) + 1;
        seen.set(attempt, nth);
        const now = nth === ordinal && due();
        if (now && when === 'before') await crash();
        const put = await deps.buckets.raw.putIf(key, body, expected);
        return now ? crash() : put;
      },
    });
  };
}

function transformedManifest(when: When): CrashPoint {
  return (deps, crash) => {
    const due = turns();
    return withBucket(deps, 'transformed', {
      putIf: async (key, body, expected) => {
        const now = due();
        if (now && when === 'before') await crash();
        const put = await deps.buckets.transformed.putIf(key, body, expected);
        return now ? crash() : put;
      },
    });
  };
}

function onCopy(when: 'during' | 'before commit' | 'after commit'): CrashPoint {
  const due = turns();
  return (deps, crash) =>
    withTransactions(deps, {
      isIt: (text) => text.startsWith('COPY ') && due(),
      sent: (stream) => when === 'during' && holdOpen(stream as HeldStream, crash),
      beforeCommit: async () => (when === 'before commit' ? crash() : undefined),
      afterCommit: async () => (when === 'after commit' ? crash() : undefined),
    });
}

function onRemoval(when: When): CrashPoint {
  return (deps, crash) =>
    withTransactions(deps, {
      isIt: (text) => text.startsWith('DELETE FROM migration_control.ledger'),
      beforeCommit: async () => (when === 'before' ? crash() : undefined),
      afterCommit: async () => (when === 'after' ? crash() : undefined),
    });
}

function onFinalize(when: When): CrashPoint {
  return (deps, crash) => {
    const withClient: Target['withClient'] = (work, signal) =>
      deps.target.withClient((client) => work(watching(client)), signal);
    const watching = (client: TargetClient): TargetClient =>
      override(client, {
        query: async (...args: unknown[]) => {
          const isIt = textOf(args[0]).startsWith('CALL ');
          if (isIt && when === 'before') await readForEver(deps.target);
          const answer = Reflect.apply(client.query, client, args);
          if (!isIt) return answer;
          await (when === 'before' ? blocked(deps.target) : answer);
          return crash();
        },
      });
    return { ...deps, target: override(deps.target, { withClient }) };
  };
}

/** A reader of the live table who never ends: the swap has to wait for it. */
async function readForEver(target: Target): Promise<void> {
  await new Promise<void>((reading) => {
    void target.withClient(async (client) => {
      await client.query('BEGIN; SELECT FROM mart.cell_perf_stats LIMIT 1');
      reading();
      await new Promise(() => undefined);
    });
  });
}

async function blocked(target: Target): Promise<void> {
  for (let waiting = false; !waiting; ) {
    const { rowCount } = await target.query(
      `SELECT FROM pg_locks WHERE NOT granted AND relation = 'mart.cell_perf_stats'::regclass`,
    );
    waiting = rowCount !== 0;
  }
}

interface HeldStream {
  write(...args: unknown[]): boolean;
  end(...args: unknown[]): unknown;
}

/** The rows go out and their end does not, so the server is in the middle of the COPY when the process dies. */
function holdOpen(stream: HeldStream, crash: Crash): void {
  const write = stream.write.bind(stream);
  stream.write = (...args) => {
    setTimeout(() => void crash(), 150);
    return write(...args);
  };
  stream.end = () => stream;
}

interface Watch {
  /** Whether a statement makes its transaction the one that is watched. */
  readonly isIt: (text: string) => boolean;
  readonly sent?: (answer: unknown) => unknown;
  readonly beforeCommit: () => Promise<unknown>;
  readonly afterCommit: () => Promise<unknown>;
}

function withTransactions(deps: Dependencies, watch: Watch): Dependencies {
  const transaction: Target['transaction'] = async (work, signal) => {
    let watched = false;
    const result = await deps.target.transaction(async (client) => {
      const query = (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(client.query, client, args);
        if (!watch.isIt(textOf(args[0]))) return answer;
        watched = true;
        watch.sent?.(answer);
        return answer;
      };
      const done = await work(override(client, { query }));
      if (watched) await watch.beforeCommit();
      return done;
    }, signal);
    if (watched) await watch.afterCommit();
    return result;
  };
  return { ...deps, target: override(deps.target, { transaction }) };
}

function withBucket(
  deps: Dependencies,
  name: keyof Dependencies['buckets'],
  changes: Partial<Bucket>,
): Dependencies {
  return { ...deps, buckets: { ...deps.buckets, [name]: override(deps.buckets[name], changes) } };
}

/** False for the first callers, then true. */
function turns(): () => boolean {
  let left = spared;
  return () => {
    left -= 1;
    return left < 0;
  };
}

function textOf(statement: unknown): string {
  const text = typeof statement === 'string' ? statement : (statement as { readonly text?: string })?.text;
  return (text ?? '').trim();
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
