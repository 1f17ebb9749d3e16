import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Dependencies } from '../../../activities/dependencies.js';
import { exportChunk } from '../../../activities/export-chunk.js';
import type { RunContexts } from '../../../activities/run-context.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { type ObjectKey, rawPrefix } from '../../../engine/storage/keys.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { publishManifest } from '../../../engine/storage/manifest-store.js';

const prefix = (table: string): ObjectKey =>
  rawPrefix({ category: 'c', target: 't', server: 's', database: 'd', schema: 'dbo', table, window: 'all' });

function manifest(rows: number, fingerprint: string, attempt: string): Manifest {
  const parts = rows === 0 ? [] : [{ key: 'p', rows, bytes: 1 }];
  const columns = [{ name: 'a', type: { kind: 'bool' as const }, nullable: true }];
  const checksum = { rows, sum: '0'.repeat(16) };
  return { version: 1, fingerprint, attempt, columns, parts, rows, bytes: parts.length, checksum };
}

describe('exporting a chunk that an earlier attempt has exported', () => {
  let directory: string;
  let raw: Bucket;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'empty-'));
    raw = createFileBucket(directory);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const sources = ['a', 'b'].map((table) => ({
    subject: `dbo.${table}`,
    prefix: prefix(table),
    fingerprint: 'f',
  }));
  const context = {
    config: { stallSeconds: 300, logLevel: 'ERROR', engine: { export: 'embedded', transform: 'embedded' } },
    chunk: {
      ...{ target: 't', server: 's', database: 'd', window: { label: 'all' }, rowsPlanned: {} },
      ...{ epoch: 0, fingerprint: 'c' },
    },
    target: { name: 't', stageSchema: 'stage' },
    sources,
  };
  const askedSource = new Error('asked the source');
  const run = async () => {
    const transaction = jest.fn(async () => undefined);
    const deps = {
      buckets: { raw },
      target: { transaction, query: async () => ({ rows: [] }) },
      openSource: async () => {
        throw askedSource;
      },
    } as unknown as Dependencies;
    const contexts = { chunk: async () => context } as unknown as RunContexts;
    const activity = exportChunk(deps, contexts);
    const outcome = await new MockActivityEnvironment()
      .run(() => activity({ runId: 'r', chunkId: '1' }))
      .catch((error: unknown) => error);
    return { outcome, transactions: transaction.mock.calls.length };
  };
  const publish = (table: string, rows: number, attempt = 'one', fingerprint = 'f') =>
    publishManifest(raw, prefix(table), manifest(rows, fingerprint, attempt));

  it('goes by one export of all source tables, and completes the chunk where that found no row', async () => {
    await publish('a', 0);
    await publish('b', 0);
    const { outcome, transactions } = await run();
    expect(outcome).toMatchObject({ rows: 0, bytes: 0, reused: true });
    expect(transactions).toBe(1);
  });

  it('leaves a chunk with rows to its other steps', async () => {
    await publish('a', 0);
    await publish('b', 1);
    const { outcome, transactions } = await run();
    expect(outcome).toMatchObject({ rows: 1, reused: true });
    expect(transactions).toBe(0);
  });

  it.each([
    ['nothing was exported', async () => undefined],
    ['a source table is not exported', () => publish('a', 0)],
    ['they are of two exports', () => Promise.all([publish('a', 0), publish('b', 0, 'two')])],
    [
      'they are of another window or epoch',
      () => Promise.all([publish('a', 0), publish('b', 0, 'one', 'g')]),
    ],
  ])('reads the source again where %s', async (_case, prepare) => {
    await prepare();
    const { outcome, transactions } = await run();
    expect(outcome).toMatchObject({ type: 'INTERNAL' });
    expect(transactions).toBe(0);
  });
});
