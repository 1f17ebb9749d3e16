import { rowsOf } from '../../../engine/rows/cells';
import type { ColumnBatch } from '../../../engine/rows/column-batch';
import type { Cell } from '../../../engine/rows/types';
import { openSession } from '../../../engine/sqlserver/connection';
import { type ResultEvent, SqlServerError } from '../../../sandbox/sqlserver/engine/types';
import { intColumn, type Script, type ScriptedServer, startScriptedServer } from './scripted-server';

const columns = [
  { name: 'number', type: { kind: 'int', bits: 32 }, nullable: true },
  { name: 'amount', type: { kind: 'decimal', precision: 11, scale: 3 }, nullable: true },
] as const;
const chunk = 2_048;
const amountColumn = {
  name: 'amount',
  type: { name: 'decimal', precision: 11, scale: 3 },
  nullable: true,
} as const;

/** Rows 0, 1, 2… with their number also as a decimal, `count` of them in chunks as the engine streams them. */
async function* numbered(
  count: number,
  onChunk: (first: number) => void = () => undefined,
): AsyncGenerator<ResultEvent> {
  yield { kind: 'columns', columns: [intColumn('number'), amountColumn] };
  for (let first = 0; first < count; first += chunk) {
    onChunk(first);
    const rows = Math.min(chunk, count - first);
    const numbers = Array.from({ length: rows }, (_, at) => first + at);
    yield {
      kind: 'rows',
      count: rows,
      columns: [numbers, numbers.map((value) => BigInt(value) * 1_000n + 500n)],
    };
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

/** Copies, since a batch is used again. */
const keep = (batches: Cell[][][]) => async (batch: ColumnBatch) => {
  batches.push(rowsOf(columns, batch));
};
const ignore = async (): Promise<void> => undefined;

describe('streaming rows', () => {
  it('brings every row once, in order, in batches of the size asked', async () => {
    const script: Script = async function* () {
      yield* numbered(10_000);
      yield { kind: 'done', rows: 10_000, command: 'select' };
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      const batches: Cell[][][] = [];
      const reading = session.stream('SELECT', [], columns, keep(batches), undefined, { batchRows: 1_500 });
      await expect(reading).resolves.toEqual({ rows: 10_000, replaced: [0, 0] });
      expect(batches.map((rows) => rows.length)).toEqual([1_500, 1_500, 1_500, 1_500, 1_500, 1_500, 1_000]);
      expect(batches.flat()).toEqual(
        Array.from({ length: 10_000 }, (_, at) => [at, BigInt(at) * 1_000n + 500n]),
      );
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
      const reading = session.stream('SELECT', [], note, async (batch) => {
        sizes.push(batch.rows);
      });
      await expect(reading).resolves.toMatchObject({ rows: 40 });
      // Each has two million bytes; a batch is full at eight times 1,048,576.
      expect(sizes).toEqual(Array.from({ length: 8 }, () => 5));
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
      const batches: Cell[][][] = [];
      const reading = session.stream('SELECT', [], columns, keep(batches));
      await expect(reading).resolves.toMatchObject({ rows: 0 });
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
      const reading = session.stream('SELECT', [], columns, async () => {
        await blocked;
        throw enough;
      });
      reading.catch(() => undefined);
      // Until the buffers between both are full, or all has been sent.
      for (let before = -1; produced > before; ) {
        before = produced;
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
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
      const reading = session.stream('SELECT', [], columns, ignore);
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
          tx.stream('SELECT', [], columns, () => Promise.reject(full)),
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
      const reading = session.stream('SELECT', [], columns, ignore);
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
      const reading = session.stream('SELECT', [], columns, ignore);
      await expect(reading).rejects.toMatchObject({ code: 'SOURCE_CONNECTION', retryable: true });
      await session.close();
      expect(closing).toBeDefined();
    });
  });

  it('stops at once when it is told to, with the reason given, and leaves no session', async () => {
    const script: Script = () => numbered(Number.MAX_SAFE_INTEGER);
    await withScript(script, async ({ endpoint, seen }) => {
      const session = await openSession(endpoint);
      const abort = new AbortController();
      const reason = new Error('paused by the operator');
      let aborted = 0;
      const reading = session.stream('SELECT', [], columns, ignore, abort.signal);
      setTimeout(() => {
        aborted = Date.now();
        abort.abort(reason);
      }, 300);
      await expect(reading).rejects.toBe(reason);
      expect(Date.now() - aborted).toBeLessThan(100);
      await session.close();
      const until = Date.now() + 1_000;
      while (seen.open > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(seen.open).toBe(0);
    });
  });

  it('hands no batch over once it is told to stop, though rows have arrived', async () => {
    await withScript(
      () => numbered(Number.MAX_SAFE_INTEGER),
      async ({ endpoint }) => {
        const session = await openSession(endpoint);
        const abort = new AbortController();
        let release: () => void = () => undefined;
        let batches = 0;
        const reading = session.stream(
          'SELECT',
          [],
          columns,
          () => {
            batches += 1;
            abort.abort(new Error('stop'));
            return new Promise((resolve) => {
              release = resolve;
            });
          },
          abort.signal,
          { batchRows: 10 },
        );
        await expect(reading).rejects.toThrow('stop');
        release();
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(batches).toBe(1);
        await session.close();
      },
    );
  });

  it('refuses a result with other columns than those planned', async () => {
    await withScript(
      () => numbered(10),
      async ({ endpoint }) => {
        const session = await openSession(endpoint);
        const [number, amount] = columns;
        const reading = session.stream('SELECT', [], [amount, number], ignore);
        await expect(reading).rejects.toMatchObject({
          code: 'WIRE_PROTOCOL',
          message: expect.stringContaining('column 1 is number, planned was amount'),
        });
        await session.close();
      },
    );
  });

  it('reads one result after another, and small queries between them', async () => {
    const script: Script = async function* () {
      yield* numbered(3);
      yield { kind: 'done', rows: 3, command: 'select' };
    };
    await withScript(script, async ({ endpoint }) => {
      const session = await openSession(endpoint);
      for (let turn = 0; turn < 3; turn += 1) {
        const batches: Cell[][][] = [];
        await session.stream('SELECT', [], columns, keep(batches));
        expect(batches).toHaveLength(1);
        expect(batches[0]).toEqual([
          [0, 500n],
          [1, 1_500n],
          [2, 2_500n],
        ]);
        await expect(session.query('SELECT')).resolves.toHaveLength(3);
      }
      await session.close();
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
