import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb.js';

/** As many as Node.js has for all that blocks. */
const threadsOfNode = 4;
const long = 'SELECT count(*) FROM range(100000000000) t(i) WHERE i % 7 = 3';

let directory: string;
let duckdb: DuckDb;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duckdb-'));
  duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 1, spillDirectory: directory });
});
afterAll(async () => {
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});

const run = (session: DuckDbSession): Promise<unknown> =>
  session.rows(long).then(
    () => 'ran to its end',
    (error: unknown) => error,
  );

describe('a session that is told to stop', () => {
  it('ends its statement, even one that was still waiting for a thread', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const early: DuckDbSession[] = [];
    for (let thread = 0; thread < threadsOfNode; thread += 1)
      early.push(await duckdb.openSession(first.signal));
    const late = await duckdb.openSession(second.signal);
    const ended = early.map(run);
    await delay(100);
    const lateEnded = run(late);
    second.abort('enough');
    await delay(50);
    first.abort('done');
    expect(await Promise.all(ended)).toEqual(early.map(() => 'done'));
    expect(await lateEnded).toBe('enough');
    for (const session of [...early, late]) session.close();
  }, 20_000);
});
