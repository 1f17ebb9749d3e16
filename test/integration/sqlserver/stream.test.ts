import type { RowBatch } from '../../../engine/rows/types';
import { openSession } from '../../../engine/sqlserver/connection';
import { type ResultEvent, SqlServerError } from '../../../sandbox/sqlserver/engine/types';
import {
  intColumn,
  type Script,
  type ScriptedServer,
  startScriptedServer,
  textColumn,
} from './scripted-server';

const columns = [
  { name: 'number', type: { kind: 'int', bits: 32 }, nullable: true },
  { name: 'amount', type: { kind: 'decimal', precision: 11, scale: 3 }, nullable: true },
] as const;
const chunk = 2_048;

/** Rows 0, 1, 2… with their number also as a decimal, `count` of them in chunks as the engine streams them. */
async function* numbered(
  count: number,
  onChunk: (first: number) => void = () => undefined,
): AsyncGenerator<ResultEvent> {
  yield { kind: 'columns', columns: [intColumn('number'), textColumn('amount')] };
  for (let first = 0; first < count; first += chunk) {
    onChunk(first);
    const rows = Math.min(chunk, count - first);
    const numbers = Array.from({ length: rows }, (_, at) => first + at);
    yield { kind: 'rows', count: rows, columns: [numbers, numbers.map((value) => `${value}.500`)] };
  }
}

async function withScript<T>(script: Script, work: (server: ScriptedServer) => Promise<T>): Promise<T> {
  const server = await startScriptedServer(script);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

const keep = (batches: RowBatch[]) => async (batch: RowBatch) => {
  batches.push(batch);
};

describe('streaming rows', () => {
  it('brings every row once, in order, in batches of the size asked', async () => {
    const script: Script = async function* () {
      yield* numbered(10_000);
      yield { kind: 'done', rows: 10_000, command: 'select' };
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      const batches: RowBatch[] = [];
      await expect(session.stream('SELECT', [], columns, 3_000, keep(batches))).resolves.toBe(10_000);
      expect(batches.map((batch) => batch.rows)).toEqual([3_000, 3_000, 3_000, 1_000]);
      const numbers = batches.flatMap((batch) => batch.columns[0] ?? []);
      expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, at) => at));
      expect(batches[3]?.columns[1]?.[999]).toBe(9_999_500n);
      await session.close();
    });
  });

  it('hands a batch over early where its text is long', async () => {
    const long = 'x'.repeat(1_000_000);
    const type = { name: 'nvarchar', length: 'max', collation: 'SQL_Latin1_General_CP1_CI_AS' } as const;
    const script: Script = async function* () {
      yield { kind: 'columns', columns: [{ name: 'note', type, nullable: true }] };
      for (let row = 0; row < 40; row += 1) yield { kind: 'rows', count: 1, columns: [[long]] };
      yield { kind: 'done', rows: 40, command: 'select' };
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      const sizes: number[] = [];
      const note = [{ name: 'note', type: { kind: 'text' }, nullable: true }] as const;
      const reading = session.stream('SELECT', [], note, 4_096, async (batch) => {
        sizes.push(batch.rows);
      });
      await expect(reading).resolves.toBe(40);
      expect(sizes).toEqual([17, 17, 6]);
      await session.close();
    });
  });

  it('gives no batch for no rows', async () => {
    const script: Script = async function* () {
      yield* numbered(0);
      yield { kind: 'done', rows: 0, command: 'select' };
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      const batches: RowBatch[] = [];
      await expect(session.stream('SELECT', [], columns, 100, keep(batches))).resolves.toBe(0);
      expect(batches).toEqual([]);
      await session.close();
    });
  });

  it('makes the server wait while a batch is at work', async () => {
    let produced = 0;
    const count = 2_000_000;
    const script: Script = () =>
      numbered(count, (first) => {
        produced = first;
      });
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      let release: () => void = () => undefined;
      const blocked = new Promise<void>((resolve) => {
        release = resolve;
      });
      const enough = new Error('enough');
      const reading = session.stream('SELECT', [], columns, 1_000, async () => {
        await blocked;
        throw enough;
      });
      reading.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
      const stalledAt = produced;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(produced).toBe(stalledAt);
      expect(produced).toBeLessThan(count / 2);
      release();
      await expect(reading).rejects.toBe(enough);
      await session.close();
    });
  });

  it('reports an error in the middle of a result, and never its rows as all there are', async () => {
    const script: Script = async function* () {
      yield* numbered(5_000);
      throw new SqlServerError(1205, 'Transaction was deadlocked.', 13);
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      const reading = session.stream('SELECT', [], columns, 1_000, async () => undefined);
      await expect(reading).rejects.toMatchObject({ code: 'SOURCE_DEADLOCK' });
      await session.close();
    });
  });

  it('passes on what the taker of a batch throws, even if it looks like a driver error', async () => {
    await withScript(
      () => numbered(100_000),
      async ({ endpoint }) => {
        const session = await openSession(endpoint);
        const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        const reading = session.inSnapshot('snapshot', (tx) =>
          tx.stream('SELECT', [], columns, 1_000, () => Promise.reject(full)),
        );
        await expect(reading).rejects.toBe(full);
        await session.close();
      },
    );
  });

  it.each([
    ['has no count in its DONE', undefined],
    ['has fewer rows than its DONE counts', 5_001],
  ])('takes a result for broken that %s', async (_, rows) => {
    const script: Script = async function* () {
      yield* numbered(5_000);
      yield { kind: 'done', command: 'select', ...(rows === undefined ? {} : { rows }) };
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      const reading = session.stream('SELECT', [], columns, 1_000, async () => undefined);
      await expect(reading).rejects.toMatchObject({ code: 'SOURCE_CONNECTION' });
      await session.close();
    });
  });

  it('takes a result for broken when the server goes away in the middle', async () => {
    let closing: Promise<void> | undefined;
    const server: { current?: ScriptedServer } = {};
    const script: Script = async function* () {
      yield* numbered(20_000);
      closing = server.current?.close();
      await new Promise(() => undefined);
    };
    await withScript(script, async (started) => {
      server.current = started;
      const session = await openSession(started.endpoint);
      const reading = session.stream('SELECT', [], columns, 1_000, async () => undefined);
      await expect(reading).rejects.toMatchObject({ code: 'SOURCE_CONNECTION', retryable: true });
      await session.close();
      expect(closing).toBeDefined();
    });
  });

  it('stops within a second when it is told to, with the reason given, and leaves no session', async () => {
    const script: Script = () => numbered(Number.MAX_SAFE_INTEGER);
    await withScript(script, async ({ endpoint, seen }) => {
      const session = await openSession(endpoint);
      const abort = new AbortController();
      const reason = new Error('paused by the operator');
      let aborted = 0;
      const reading = session.stream('SELECT', [], columns, 1_000, async () => undefined, abort.signal);
      setTimeout(() => {
        aborted = Date.now();
        abort.abort(reason);
      }, 300);
      await expect(reading).rejects.toBe(reason);
      expect(Date.now() - aborted).toBeLessThan(1_000);
      await session.close();
      const until = Date.now() + 1_000;
      while (seen.open > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(seen.open).toBe(0);
    });
  });

  it('ends a silent statement when the session is told to stop', async () => {
    const script: Script = async function* (_sql, _parameters, signal) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    await withScript(script, async ({ endpoint }) => {
      const abort = new AbortController();
      const session = await openSession(endpoint, abort.signal);
      const reason = new Error('heartbeat lost');
      setTimeout(() => abort.abort(reason), 100);
      const started = Date.now();
      await expect(session.inSnapshot('snapshot', (tx) => tx.query('SELECT'))).rejects.toBe(reason);
      expect(Date.now() - started).toBeLessThan(1_000);
      await session.close();
    });
  });
});
