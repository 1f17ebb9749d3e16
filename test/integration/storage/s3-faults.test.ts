import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { S3Proxy } from '../../support/s3-proxy.js';
import { startTestSeaweedFs, type TestServer } from './s3-servers.js';

const mebibyte = 1024 * 1024;
/** Three pieces, the last of them short. */
const large = randomBytes(20 * mebibyte + 5);
const saved = { ...process.env };

let server: TestServer;
let proxy: S3Proxy;
let bucket: Bucket;
let scratch: string;
let source: string;

beforeAll(async () => {
  server = await startTestSeaweedFs();
  proxy = await S3Proxy.start(server.server.endpoint);
}, 300_000);
afterAll(async () => {
  await proxy.close();
  await server.stop();
  process.env = saved;
});
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 's3-faults-'));
  source = join(scratch, 'source.bin');
  await writeFile(source, large);
  proxy.reset();
  bucket = server.open(server.settings(proxy.endpoint));
});
afterEach(() => rm(scratch, { recursive: true }));

const stored = async (key: string) => readFile(await bucket.localFile(key, join(scratch, 'stored')));
const keys = async () => {
  const found: string[] = [];
  for await (const { key } of bucket.list('')) found.push(key);
  return found;
};
const seen = (line: RegExp) => proxy.requests.filter((request) => line.test(request.line)).length;

const createsUpload = /^POST .*[?&]uploads/;
const sendsPart = /^PUT .*partNumber=/;
const completes = /^POST .*uploadId=/;
const reads = /^GET .*\/part/;

describe('a download', () => {
  it('makes no directory for what is not wanted any more', async () => {
    await bucket.putFile('part', source);
    const removed = join(scratch, 'removed');
    await expect(bucket.localFile('part', removed, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
    expect(await readdir(scratch)).toEqual(['source.bin']);
  });
});

describe('an upload in parts', () => {
  it.each([
    ['is begun', createsUpload],
    ['sends a part', sendsPart],
    ['is completed', completes],
  ])('goes on where the store asks for fewer requests while it %s', async (_when, line) => {
    proxy.arm(line, { kind: 'refuse', status: 503, code: 'SlowDown' }, 2);
    expect(await bucket.putFile('part', source)).toBe(large.length);
    expect((await stored('part')).equals(large)).toBe(true);
    expect(await server.unfinished()).toEqual([]);
  });

  it.each([
    ['sent a part', sendsPart],
    ['was completed', completes],
  ])('is whole where the answer was lost that it %s', async (_what, line) => {
    proxy.arm(line, { kind: 'loseAnswer' });
    await bucket.putFile('part', source);
    expect((await stored('part')).equals(large)).toBe(true);
    expect(await server.unfinished()).toEqual([]);
  });

  it('is whole where its completion was done and then is not known any more', async () => {
    proxy.arm(completes, { kind: 'loseAnswer' });
    proxy.arm(completes, { kind: 'refuse', status: 404, code: 'NoSuchUpload' });
    await bucket.putFile('part', source);
    expect((await stored('part')).equals(large)).toBe(true);
  });

  it('fails where somebody took it back, and leaves nothing', async () => {
    proxy.arm(completes, { kind: 'refuse', status: 404, code: 'NoSuchUpload' });
    await expect(bucket.putFile('part', source)).rejects.toMatchObject({ code: 'STORAGE_IO' });
    expect(await keys()).toEqual([]);
    expect(await server.unfinished()).toEqual([]);
  });

  it('is refused by the store with one bit changed on its way, and leaves nothing', async () => {
    proxy.arm(/partNumber=2/, { kind: 'corrupt', what: 'request', at: 12_345 });
    await expect(bucket.putFile('part', source)).rejects.toMatchObject({ code: 'STORAGE_IO' });
    expect(await keys()).toEqual([]);
    expect(await server.unfinished()).toEqual([]);
  });

  it.each([
    ['is begun', createsUpload],
    ['sends its first part', /partNumber=1/],
    ['sends its last part', /partNumber=3/],
  ])('that is aborted while it %s leaves nothing, and throws the reason', async (_when, line) => {
    const abort = new AbortController();
    const reason = new Error('cancelled by the test');
    proxy.arm(line, { kind: 'first', act: () => abort.abort(reason) });
    await expect(bucket.putFile('part', source, abort.signal)).rejects.toBe(reason);
    expect(await keys()).toEqual([]);
    expect(await server.unfinished()).toEqual([]);
  });

  it('that is aborted while it is completed is whole', async () => {
    const abort = new AbortController();
    proxy.arm(completes, { kind: 'first', act: () => abort.abort(new Error('too late')) });
    expect(await bucket.putFile('part', source, abort.signal)).toBe(large.length);
    expect((await stored('part')).equals(large)).toBe(true);
  });

  it('is aborted at once where the store says nothing any more', async () => {
    const abort = new AbortController();
    proxy.arm(sendsPart, { kind: 'stall' }, Number.POSITIVE_INFINITY);
    const upload = bucket.putFile('part', source, abort.signal);
    setTimeout(() => abort.abort(new Error('cancelled by the test')), 500);
    await expect(upload).rejects.toThrow('cancelled by the test');
    expect(await server.unfinished()).toEqual([]);
  });
});

describe('a download in pieces', () => {
  beforeEach(async () => {
    await bucket.putFile('part', source);
    proxy.reset();
  });
  const download = (signal?: AbortSignal) => bucket.localFile('part', join(scratch, 'down'), signal);
  const leftovers = () => readdir(join(scratch, 'down'));

  it('goes on where the connection broke off, and fetches nothing twice', async () => {
    proxy.arm(reads, { kind: 'cut', afterBytes: 3 * mebibyte }, 3);
    expect((await readFile(await download())).equals(large)).toBe(true);
    expect(seen(reads)).toBe(6);
  });

  it('gives up where every answer breaks off at its beginning, and leaves no file', async () => {
    proxy.arm(reads, { kind: 'cut', afterBytes: 0 }, Number.POSITIVE_INFINITY);
    await expect(download()).rejects.toMatchObject({ code: 'STORAGE_IO' });
    expect(seen(reads)).toBeLessThanOrEqual(12);
    expect(await leftovers()).toEqual([]);
  });

  it('notices a bit that was changed on its way, and leaves no file', async () => {
    proxy.arm(reads, { kind: 'corrupt', what: 'answer', at: 1_000_000 });
    await expect(download()).rejects.toThrow(/CRC-32 differs/);
    await expect(download()).resolves.toContain('part');
  });

  it('notices that the object is replaced in its middle', async () => {
    const other = randomBytes(large.length);
    await writeFile(source, other);
    proxy.arm(reads, { kind: 'first', act: () => bucket.putFile('part', source) });
    await expect(download()).rejects.toThrow(/was replaced while it was read/);
    expect(await leftovers()).toEqual([]);
    expect((await readFile(await download())).equals(other)).toBe(true);
  });

  it('is aborted at once, with its reason', async () => {
    const abort = new AbortController();
    const reason = new Error('cancelled by the test');
    proxy.arm(reads, { kind: 'stall' }, Number.POSITIVE_INFINITY);
    setTimeout(() => abort.abort(reason), 300);
    await expect(download(abort.signal)).rejects.toBe(reason);
    expect(await leftovers()).toEqual([]);
  });
});

describe('a conditional put', () => {
  const body = async () => (await bucket.get('manifest.json'))?.body;

  it('has won where the answer was lost that it did', async () => {
    proxy.arm(/^PUT/, { kind: 'loseAnswer' });
    expect(await bucket.putIf('manifest.json', 'one', null)).toBe(true);
    const version = (await bucket.get('manifest.json'))?.version ?? '';
    proxy.arm(/^PUT/, { kind: 'loseAnswer' });
    expect(await bucket.putIf('manifest.json', 'two', version)).toBe(true);
    expect(await body()).toBe('two');
  });

  it('has won where the answer was lost, and the repetition met its own write under way', async () => {
    proxy.arm(/^PUT/, { kind: 'loseAnswer' });
    proxy.arm(/^PUT/, { kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' });
    expect(await bucket.putIf('manifest.json', 'one', null)).toBe(true);
    expect(seen(/^PUT/)).toBe(3);
    expect(await body()).toBe('one');
  });

  it('has lost where another was first while it was tried again', async () => {
    proxy.arm(/^PUT/, { kind: 'refuse', status: 500, code: 'InternalError' });
    proxy.arm(/^PUT/, { kind: 'first', act: () => bucket.put('manifest.json', 'other') });
    expect(await bucket.putIf('manifest.json', 'one', null)).toBe(false);
    expect(await body()).toBe('other');
  });

  it('is tried again where another was under way', async () => {
    proxy.arm(/^PUT/, { kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' }, 2);
    expect(await bucket.putIf('manifest.json', 'one', null)).toBe(true);
    expect(await body()).toBe('one');
  });
});

describe('a store under load', () => {
  it('is waited for, and then said to be so', async () => {
    proxy.arm(/^PUT/, { kind: 'refuse', status: 503, code: 'SlowDown' }, Number.POSITIVE_INFINITY);
    const started = Date.now();
    const put = bucket.put('manifest.json', '{}');
    await expect(put).rejects.toMatchObject({ code: 'STORAGE_THROTTLED' });
    await expect(put).rejects.toThrow(/manifest\.json in s3:.* SlowDown \(HTTP 503\)/);
    expect(seen(/^PUT/)).toBe(6);
    // Each wait is random up to a bound that doubles.
    expect(Date.now() - started).toBeGreaterThan(1_000);
  });

  it('is left alone for as long as it asks', async () => {
    const headers = { 'x-amz-retry-after': '1500' };
    proxy.arm(/^PUT/, { kind: 'refuse', status: 503, code: 'SlowDown', headers });
    const started = Date.now();
    await bucket.put('manifest.json', '{}');
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_400);
  });
});
