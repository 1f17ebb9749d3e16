import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../../activities/contract.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { type CategoryOptions, joinCategory, joinTables, serverOf } from './small-category.js';
import { chunks, rowsOf, type Steering, states, steeredRun } from './steered-run.js';

const name = 'whole';
const both = { server01: ['One'], server02: ['One'] };
const options: CategoryOptions = { databases: both, sameTime: false };

/** By server: matches lie in other days, of the same database or of the other one. */
const left = {
  server01: [
    `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
    `('b', '2025-01-01 09:00', NULL, NULL, NULL)`,
    `('c', '2025-01-03 08:00', 'third', 3.5, 3)`,
  ],
  server02: [`('d', '2025-01-02 08:00', 'fourth', 4.5, 4)`],
};
const right = {
  server01: [`('a', '2025-01-02 07:00', 11)`, `('d', '2025-01-02 07:30', 14)`],
  server02: [`('b', '2025-01-03 07:00', NULL)`, `('z', '2025-01-03 07:30', 99)`],
};

interface LeftRow {
  readonly id: string;
  readonly cells: string;
}

/** The join by hand, over the literals themselves: which servers' right rows each left row may match. */
function joined(among: (server: string) => readonly string[]): readonly string[] {
  const cellsOf = (literal: string): readonly string[] =>
    literal
      .slice(1, -1)
      .split(', ')
      .map((cell) => cell.replaceAll("'", ''));
  const rows = Object.entries(left).flatMap(([server, literals]) =>
    literals.map((literal): LeftRow & { readonly server: string } => {
      const [id = '', at = '', note = '', amount = '', dropped = ''] = cellsOf(literal);
      const time = `${at.replace(' ', 'T')}:00`;
      const cells = [
        JSON.stringify(id),
        JSON.stringify(time),
        note === 'NULL' ? 'null' : JSON.stringify(note),
      ];
      return { server, id, cells: [...cells, amount.toLowerCase(), dropped.toLowerCase()].join(',') };
    }),
  );
  return rows
    .map(({ server, id, cells }) => {
      const match = among(server)
        .flatMap((other) => right[other as keyof typeof right].map(cellsOf))
        .find(([device]) => device === id);
      return `[${cells},${match ? `"${id}",${match[2]?.toLowerCase()}` : 'null,null'}]`;
    })
    .sort();
}

const byDatabase = joined((server) => [server]);
const byCategory = joined(() => Object.keys(right));

/** Of a window, by its prefix; fails where there is none. */
function removeManifest(estate: Estate, bucket: 'raw' | 'transformed', prefix: string): void {
  rmSync(join(estate.directory, 'buckets', bucket, prefix, 'manifest.json'));
}

describe('a target that is transformed as a whole', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: serverOf('server01', joinTables(name, left.server01, right.server01)),
        server02: serverOf('server02', joinTables(name, left.server02, right.server02)),
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  const source = async (server: string, statement: string): Promise<void> => {
    await (await estate.source(server, 'One')).request().query(statement);
  };
  const target = (): Promise<readonly string[] | undefined> => rowsOf(estate, `mart.${name}`);
  const restart = { category: name, jobMode: 'restart' } as const;
  /** Counts what a run does, and may meddle with it. */
  const counting = (meddle: (own: Activities) => Partial<Activities> = () => ({})) => {
    const calls = { exported: 0, imported: 0, results: [] as string[] };
    const steering: Steering = {
      activities: (plain) => {
        const own = { ...plain, ...meddle(plain) };
        return {
          ...own,
          exportChunk: async (ref) => {
            const result = await own.exportChunk(ref);
            if (!result.reused) calls.exported += 1;
            return result;
          },
          importChunk: async (ref) => {
            const result = await own.importChunk(ref);
            if (!result.reused) calls.imported += 1;
            return result;
          },
          transformWhole: async (ref) => {
            const result = await own.transformWhole(ref);
            calls.results.push(result.state);
            return result;
          },
        };
      },
    };
    return { calls, steering };
  };

  it('is refused by chunk, where matches in other days would be missed', async () => {
    joinCategory(estate, name, { ...options, scope: 'chunk' });
    expect(await estate.fail({ category: name })).toMatchObject({
      type: 'TRANSFORM_INVALID',
      message: expect.stringContaining('"scope": "database"'),
    });
  }, 60_000);

  it('finds by database the matches of all its days, and none of another database', async () => {
    joinCategory(estate, name, { ...options, scope: 'database' });
    expect(await estate.run({ category: name })).toMatchObject({ chunksDone: 6, rows: 4 });
    expect(byDatabase).not.toEqual(byCategory);
    expect(await target()).toEqual(byDatabase);
  }, 60_000);

  it('finds by category the matches of all databases', async () => {
    joinCategory(estate, name, { ...options, scope: 'category' });
    expect(await estate.run({ category: name })).toMatchObject({ chunksDone: 6, rows: 4 });
    expect(await target()).toEqual(byCategory);
  }, 60_000);

  it('is found done by the next run, which neither exports, transforms nor imports', async () => {
    const { calls, steering } = counting();
    const { summary } = await steeredRun(estate, { category: name }, steering);
    expect(summary).toMatchObject({ chunksDone: 6, rows: 4 });
    expect(calls).toEqual({ exported: 0, imported: 0, results: ['transformed'] });
  }, 60_000);

  it('brings again only the chunks whose rows another export has changed', async () => {
    await source('server02', `UPDATE dbo.${name}_right SET quality = 77 WHERE device = 'b'`);
    await estate.postgres.query(
      `UPDATE migration_control.chunk SET state = 'PENDING', epoch = epoch + 1
        WHERE category = '${name}' AND server = 'server02' AND window_label = '20250103'`,
    );
    const { calls, steering } = counting();
    await steeredRun(estate, { category: name }, steering);
    expect(calls).toEqual({ exported: 1, imported: 1, results: ['transformed'] });
    expect(await target()).toEqual(byCategory.map((row) => row.replace('"b",null]', '"b",77]')));
    await source('server02', `UPDATE dbo.${name}_right SET quality = NULL WHERE device = 'b'`);
  }, 60_000);

  it('is exported again where raw parts are gone before the transform', async () => {
    let taken = false;
    const { calls, steering } = counting((own) => ({
      transformWhole: async (ref) => {
        if (!taken) {
          taken = true;
          removeManifest(estate, 'raw', `${name}/${name}/server01/One/dbo/${name}_right/2025/01/02`);
        }
        return own.transformWhole(ref);
      },
    }));
    await steeredRun(estate, restart, steering);
    expect(calls.results).toEqual(['unexported', 'transformed']);
    expect(await target()).toEqual(byCategory);
  }, 60_000);

  it('that is stopped by a lost worker in the middle goes on with what is published', async () => {
    let killed = false;
    const { calls, steering } = counting((own) => ({
      transformWhole: async (ref) => {
        const result = await own.transformWhole(ref);
        if (killed) return result;
        killed = true;
        // As if the worker had died before its answer, with some of the manifests put and the control table behind.
        removeManifest(estate, 'transformed', `${name}/${name}/server01/One/2025/01/03`);
        await estate.postgres.query('UPDATE migration_control.whole_member SET whole = NULL');
        throw new Error('The worker is gone.');
      },
    }));
    await steeredRun(estate, restart, steering);
    expect(calls.results).toEqual(['transformed']);
    expect(await target()).toEqual(byCategory);
  }, 60_000);

  it('keeps nothing of a late attempt, whose exports are no longer the ones that count', async () => {
    let late = false;
    const kept: string[] = [];
    const { calls, steering } = counting();
    const dependencies: Steering['dependencies'] = (own) => {
      const { transformed } = own.buckets;
      const watched: Pick<Bucket, 'putFile' | 'putIf'> = {
        putFile: async (...args: Parameters<Bucket['putFile']>) => {
          if (!late) {
            late = true;
            // As whoever has the whole now does, where raw parts are gone.
            await estate.postgres.query(
              `WITH gone AS (
                 UPDATE migration_control.chunk SET state = 'PENDING'
                  WHERE category = '${name}' AND server = 'server02' RETURNING chunk_id)
               DELETE FROM migration_control.whole_member WHERE chunk_id IN (SELECT chunk_id FROM gone)`,
            );
          }
          return transformed.putFile(...args);
        },
        putIf: (...args: Parameters<Bucket['putIf']>) => {
          if (calls.results.length === 0) kept.push(args[0]);
          return transformed.putIf(...args);
        },
      };
      const bucket = new Proxy(transformed, {
        get: (own, name) => {
          const member = Reflect.get(watched, name) ?? Reflect.get(own, name);
          return typeof member === 'function' ? member.bind(own) : member;
        },
      });
      return { ...own, buckets: { ...own.buckets, transformed: bucket } };
    };
    await steeredRun(estate, restart, { ...steering, dependencies });
    expect([late, kept]).toEqual([true, []]);
    expect(calls.results).toEqual(['unexported', 'transformed']);
    expect(await target()).toEqual(byCategory);
  }, 60_000);

  it('waits for a parked export, and leaves out what is skipped', async () => {
    joinCategory(estate, name, { ...options, scope: 'category', attentionWait: 60 });
    const { calls, steering } = counting((own) => ({
      exportChunk: async (ref) => {
        const { rows } = await estate.postgres.query(
          `SELECT FROM migration_control.chunk WHERE chunk_id = $1 AND server = 'server01' AND window_label = '20250102'`,
          [ref.chunkId],
        );
        if (rows.length === 1)
          throw ApplicationFailure.nonRetryable('The table is locked away.', 'SOURCE_OBJECT');
        return own.exportChunk(ref);
      },
    }));
    const during: Steering['during'] = async (handle) => {
      const deadline = Date.now() + 40_000;
      while ((await handle.query<{ readonly phase: string }, []>('status')).phase !== 'NEEDS_ATTENTION') {
        if (Date.now() > deadline) throw new Error('The run never waited.');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(calls.imported).toBe(0);
      expect(await states(estate, name)).toContain('One/20250102 NEEDS_ATTENTION SOURCE_OBJECT');
      await handle.signal('skip', {
        chunk: `${name}/server01/One/20250102`,
        reason: 'agreed with the owner',
      });
    };
    const { summary } = await steeredRun(estate, restart, { ...steering, during });
    expect(summary).toMatchObject({ chunksDone: 5, chunksSkipped: 1, rows: 4 });
    expect(calls.results).toEqual(['parked', 'transformed']);
    const unmatched = byCategory.map((row) => row.replace(/"[ad]",1[14]]$/, 'null,null]'));
    expect(await target()).toEqual(unmatched);
    joinCategory(estate, name, { ...options, scope: 'category' });
    expect(await estate.run({ category: name })).toMatchObject({ chunksDone: 6, chunksSkipped: 0 });
    expect(await target()).toEqual(byCategory);
  }, 120_000);

  it('parks all its chunks where a right key is not unique over the whole, and completes once it is', async () => {
    await source('server02', `INSERT INTO dbo.${name}_right VALUES ('a', '2025-01-01 01:00', 5)`);
    expect(await estate.fail(restart)).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    const parked = await chunks(estate, name);
    expect(parked.filter(({ code }) => code === 'JOIN_FANOUT').length).toBeGreaterThan(3);
    expect(parked.find(({ code }) => code === 'JOIN_FANOUT')?.message).toMatch(
      /^whole, all databases: 1 rows of whole_left come out/,
    );
    await source('server02', `DELETE FROM dbo.${name}_right WHERE device = 'a'`);
    expect(await estate.run({ category: name })).toMatchObject({ chunksDone: 6 });
    expect(await target()).toEqual(byCategory);
  }, 90_000);

  it('is refused with input_partition, which has a part of the matches only', async () => {
    const refused = await estate.fail({ category: name, inputPartition: '20250101' });
    expect(refused).toMatchObject({
      type: 'CONFIG_INVALID',
      message: expect.stringMatching(/targets\.0\.scope.*input_partition/),
    });
  }, 60_000);
});
