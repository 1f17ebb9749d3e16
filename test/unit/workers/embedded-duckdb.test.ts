import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDbUse } from '../../../activities/dependencies.js';
import { EmbeddedDuckDb } from '../../../workers/embedded-duckdb.js';

let directory: string;
let embedded: EmbeddedDuckDb;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'embedded-'));
  embedded = new EmbeddedDuckDb(join(directory, 'spill'));
});
afterEach(async () => {
  await embedded.close();
  await rm(directory, { recursive: true, force: true });
});

const configOf = (memoryLimit: string, threads = 2, megabytes = 1) => ({
  duckdb: { memoryLimit, threads },
  maxValueBytes: megabytes * 2 ** 20,
});

async function limitsFor(config: ReturnType<typeof configOf>, use: DuckDbUse) {
  const duckdb = await embedded.of(config, use);
  const session = await duckdb.openSession(new AbortController().signal);
  const [found] = await session.rows<{ limit: bigint; threads: bigint }>(
    `SELECT parse_formatted_bytes(current_setting('memory_limit')) AS "limit", current_setting('threads') AS threads`,
  );
  session.close();
  // DuckDB shows one decimal.
  return { megabytes: Math.round(Number(found?.limit) / 1e6), threads: Number(found?.threads) };
}

describe('the embedded DuckDB of a worker process', () => {
  it('takes the memory and threads that the category allows', async () => {
    expect(await limitsFor(configOf('160MB'), 'transforms')).toEqual({ megabytes: 160, threads: 2 });
  });

  it('takes more as soon as a category allows more, and never less while work may hold it', async () => {
    await limitsFor(configOf('160MB'), 'transforms');
    expect(await limitsFor(configOf('0.4 GB', 1), 'transforms')).toEqual({ megabytes: 400, threads: 2 });
    expect(await limitsFor(configOf('200MB', 3), 'transforms')).toEqual({ megabytes: 400, threads: 3 });
  });

  it('takes the larger of two limits that are asked for at once, in whatever unit they are written', async () => {
    await limitsFor(configOf('160MB'), 'transforms');
    const asked = ['0.4GB', '300MB', '390000KB', '0.25 GiB'].map((limit) =>
      embedded.of(configOf(limit), 'transforms'),
    );
    await Promise.all(asked);
    expect(await limitsFor(configOf('1MB'), 'transforms')).toMatchObject({ megabytes: 400 });
    expect(await limitsFor(configOf('0.39 GiB'), 'transforms')).toMatchObject({ megabytes: 419 });
  });

  it('is another one for parts, which has room for the largest value', async () => {
    expect(await limitsFor(configOf('160MB', 2, 40), 'parts')).toEqual({ megabytes: 789, threads: 2 });
    expect(await limitsFor(configOf('900MB', 2, 40), 'parts')).toEqual({ megabytes: 900, threads: 2 });
    expect(await limitsFor(configOf('160MB'), 'windows')).toEqual({ megabytes: 160, threads: 2 });
  });

  it('is opened anew after its disk was full, or not to be written', async () => {
    const blocking = join(directory, 'spill');
    await writeFile(blocking, 'a file where a directory should be');
    await expect(limitsFor(configOf('160MB'), 'transforms')).rejects.toMatchObject({
      code: 'STORAGE_ACCESS',
    });
    await rm(blocking);
    expect(await limitsFor(configOf('160MB'), 'transforms')).toMatchObject({ megabytes: 160 });
  });
});
