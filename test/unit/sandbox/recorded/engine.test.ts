import type {
  Parameter,
  ResultEvent,
  SqlServerEngine,
  SqlSession,
} from '../../../../sandbox/sqlserver/engine/types';
import { recordingEngine } from '../../../../sandbox/sqlserver/recorded/engine';
import { ByteWriter } from '../../../../sandbox/sqlserver/tds/byte-writer';
import { RowWriter } from '../../../../sandbox/sqlserver/tds/row-writer';

const columns = [{ name: 'x', type: { name: 'int' }, nullable: true }] as const;
const cells = Array.from({ length: 3_000 }, (_, row) => (row % 7 === 0 ? null : row));

/** Answers every batch with `cells`, except `few`, which has two rows, and counts what it was asked. */
function countingEngine(asked: string[]): SqlServerEngine {
  const session = {
    database: 'DatabaseA',
    transactionCount: 0,
    async *execute(sql: string): AsyncGenerator<ResultEvent, void> {
      asked.push(sql);
      const values = sql === 'few' ? [1, 2] : cells;
      yield { kind: 'columns', columns };
      for (let at = 0; at < values.length; at += 2_048) {
        const column = values.slice(at, at + 2_048);
        yield { kind: 'rows', count: column.length, columns: [column] };
      }
      yield { kind: 'done', command: 'select', rows: values.length };
      if (sql.startsWith('two;')) yield { kind: 'done', command: 'other' };
    },
    close: async () => undefined,
  };
  return { login: async () => session as unknown as SqlSession, close: async () => undefined };
}

const credentials = { user: 'u', password: 'p', database: undefined, applicationName: '', hostName: '' };

interface Seen {
  readonly tokens: string;
  readonly rows: number | undefined;
}

/** Row tokens as they would go over the wire, however they were made. */
async function run(session: SqlSession, sql: string, parameters: readonly Parameter[] = []): Promise<Seen> {
  const out = new ByteWriter();
  const writer = new RowWriter(columns);
  let rows: number | undefined;
  for await (const event of session.execute(sql, parameters, new AbortController().signal)) {
    if (event.kind === 'rows') writer.write(out, event, 0, Number.MAX_SAFE_INTEGER);
    if (event.kind === 'encoded') out.bytes(event.bytes);
    if (event.kind === 'done' && event.command === 'select') rows = event.rows;
  }
  return { tokens: out.view().toString('hex'), rows };
}

describe('a recording engine', () => {
  const open = async (options = {}) => {
    const asked: string[] = [];
    return { asked, session: await recordingEngine(countingEngine(asked), options).login(credentials) };
  };

  it('sends the same bytes and count the second time, without asking again', async () => {
    const { asked, session } = await open();
    const first = await run(session, 'many');
    expect(first.rows).toBe(cells.length);
    expect(await run(session, 'many')).toEqual(first);
    expect(asked).toEqual(['many']);
  });

  it('sends the rows as many times over as it is told, each time, and counts them', async () => {
    const { session } = await open({ repeat: 3 });
    const once = await run((await open()).session, 'many');
    const thrice = { tokens: once.tokens.repeat(3), rows: cells.length * 3 };
    expect(await run(session, 'many')).toEqual(thrice);
    expect(await run(session, 'many')).toEqual(thrice);
  });

  it('asks again for other parameters, for few rows, and for batches with more than one result', async () => {
    const { asked, session } = await open();
    const one = { name: '@p', type: { name: 'bigint' }, value: 1n } as const;
    for (const sql of ['few', 'few', 'two;', 'two;']) await run(session, sql);
    await run(session, 'many', [one]);
    await run(session, 'many', [{ ...one, value: 2n }]);
    await run(session, 'many', [one]);
    expect(asked).toEqual(['few', 'few', 'two;', 'two;', 'many', 'many']);
  });

  it('forgets what it has when rows may have changed', async () => {
    const { asked, session } = await open();
    for (const sql of ['many', 'DELETE t', 'many']) await run(session, sql);
    expect(asked).toEqual(['many', 'DELETE t', 'many']);
  });

  it('keeps nothing beyond its memory, and then refuses to repeat', async () => {
    const { asked, session } = await open({ maxBytes: 100 });
    await run(session, 'many');
    await run(session, 'many');
    expect(asked).toHaveLength(2);
    const repeating = await open({ maxBytes: 100, repeat: 2 });
    await expect(run(repeating.session, 'many')).rejects.toMatchObject({ number: 701 });
  });

  it('stops sending when the request is cancelled', async () => {
    const { session } = await open();
    await run(session, 'many');
    const stop = new AbortController();
    const events = session.execute('many', [], stop.signal);
    await events[Symbol.asyncIterator]().next();
    stop.abort(new Error('cancelled'));
    await expect(events[Symbol.asyncIterator]().next()).rejects.toThrow('cancelled');
  });
});
