import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { manifestKey, transformedPrefix } from '../../../engine/storage/keys.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import {
  findManifest,
  publishManifest,
  readManifest,
  replaceManifest,
} from '../../../engine/storage/manifest-store.js';
import { anyType } from '../../support/arbitrary-rows.js';

const prefix = transformedPrefix({ category: 'c', target: 't', server: 's', database: 'd', window: 'all' });

function manifest(fingerprint: string, attempt: string): Manifest {
  return {
    version: 1,
    fingerprint,
    attempt,
    columns: [
      { name: 'a', type: { kind: 'decimal', precision: 11, scale: 3 }, nullable: true },
      { name: 'b', type: { kind: 'timestamp', precision: 3 }, nullable: false },
      { name: 'c', type: { kind: 'text' }, nullable: true },
    ],
    parts: [{ key: `${attempt}/part-00000.parquet`, rows: 2, bytes: 10 }],
    rows: 2,
    bytes: 10,
    checksum: { rows: 2, sum: '00000000000000ff' },
    source: { checksum: { rows: 2, sum: '00000000000000ff' }, method: 'server' },
    replaced: [{ column: 'c', values: 1 }],
  };
}

describe('manifest store', () => {
  let directory: string;
  let bucket: Bucket;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'manifest-'));
    bucket = createFileBucket(directory);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Lets `meanwhile` happen between the store's look and its conditional put. */
  function racing(meanwhile: () => Promise<unknown>): Bucket {
    const putIf: Bucket['putIf'] = async (...request) => {
      await meanwhile();
      return bucket.putIf(...request);
    };
    return new Proxy(bucket, {
      get: (target, name) => {
        if (name === 'putIf') return putIf;
        const member = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  it('gives back columns of every type', async () => {
    const columns = fc.array(fc.record({ name: fc.string(), type: anyType, nullable: fc.boolean() }), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(columns, async (given) => {
        const wanted = { ...manifest('f', 'first'), columns: given };
        const found = await findManifest(bucket, prefix);
        expect(await replaceManifest(bucket, prefix, wanted, found)).toBe(true);
        expect(await readManifest(bucket, prefix)).toEqual(wanted);
      }),
    );
  });

  it('gives back what was published, and nothing before', async () => {
    expect(await readManifest(bucket, prefix)).toBeUndefined();
    await publishManifest(bucket, prefix, manifest('f', 'one'));
    expect(await readManifest(bucket, prefix)).toEqual(manifest('f', 'one'));
  });

  it('replaces what was found, or nothing, and never what somebody has put since', async () => {
    expect(await replaceManifest(bucket, prefix, manifest('f', 'one'), undefined)).toBe(true);
    expect(await replaceManifest(bucket, prefix, manifest('f', 'late'), undefined)).toBe(false);
    const found = await findManifest(bucket, prefix);
    expect(await replaceManifest(bucket, prefix, manifest('f', 'two'), found)).toBe(true);
    expect(await replaceManifest(bucket, prefix, manifest('f', 'late'), found)).toBe(false);
    expect(await readManifest(bucket, prefix)).toEqual(manifest('f', 'two'));
  });

  it('keeps the first of two attempts with one fingerprint', async () => {
    await publishManifest(bucket, prefix, manifest('f', 'one'));
    expect((await publishManifest(bucket, prefix, manifest('f', 'two'))).attempt).toBe('one');
  });

  it('replaces a manifest of another fingerprint', async () => {
    await publishManifest(bucket, prefix, manifest('old', 'one'));
    expect((await publishManifest(bucket, prefix, manifest('new', 'two'))).attempt).toBe('two');
    expect((await readManifest(bucket, prefix))?.fingerprint).toBe('new');
  });

  it('lets a late loser adopt the winner of the same fingerprint', async () => {
    const late = racing(() => publishManifest(bucket, prefix, manifest('f', 'winner')));
    expect((await publishManifest(late, prefix, manifest('f', 'loser'))).attempt).toBe('winner');
    expect((await readManifest(bucket, prefix))?.attempt).toBe('winner');
  });

  it('refuses to lose against another fingerprint', async () => {
    await publishManifest(bucket, prefix, manifest('old', 'zero'));
    const late = racing(() => publishManifest(bucket, prefix, manifest('other', 'winner')));
    await expect(publishManifest(late, prefix, manifest('mine', 'loser'))).rejects.toMatchObject({
      code: 'STORAGE_CONFLICT',
    });
    expect((await readManifest(bucket, prefix))?.attempt).toBe('winner');
  });

  it.each([
    ['no JSON', '{"version":1'],
    ['another version', JSON.stringify({ ...manifest('f', 'a'), version: 2 })],
    ['an unknown field', JSON.stringify({ ...manifest('f', 'a'), extra: 1 })],
    ['rows that its parts do not hold', JSON.stringify({ ...manifest('f', 'a'), rows: 3 })],
    ['a damaged sum', JSON.stringify({ ...manifest('f', 'a'), checksum: { rows: 2, sum: 'ff' } })],
  ])('names the key of a manifest with %s', async (_case, body) => {
    await bucket.put(manifestKey(prefix), body);
    const reading = readManifest(bucket, prefix);
    await expect(reading).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await expect(reading).rejects.toThrow(manifestKey(prefix));
  });
});
