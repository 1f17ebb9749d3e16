import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bucket } from '../../../engine/storage/bucket.js';

/** What every Bucket must do. `open` gives an empty bucket for each test. */
export function describeBucket(name: string, open: () => Promise<Bucket>): void {
  describe(`bucket on ${name}`, () => {
    let bucket: Bucket;
    let scratch: string;
    beforeEach(async () => {
      bucket = await open();
      scratch = await mkdtemp(join(tmpdir(), 'bucket-'));
    });
    afterEach(() => rm(scratch, { recursive: true, force: true }));

    const keys = async (prefix: string) => {
      const found: string[] = [];
      for await (const { key } of bucket.list(prefix)) found.push(key);
      return found.sort();
    };

    it('gives back what was put, and undefined for what was not', async () => {
      await bucket.put('a/b/c.json', 'Zürich 😀\n');
      expect((await bucket.get('a/b/c.json'))?.body).toBe('Zürich 😀\n');
      expect(await bucket.get('a/b/none.json')).toBeUndefined();
      expect(await bucket.get('a/b/c.json/below')).toBeUndefined();
    });

    it('puts a new object once only', async () => {
      expect(await bucket.putIf('m.json', 'first', null)).toBe(true);
      expect(await bucket.putIf('m.json', 'second', null)).toBe(false);
      expect((await bucket.get('m.json'))?.body).toBe('first');
    });

    it('replaces an object only at the version that was read', async () => {
      await bucket.put('m.json', 'one');
      const version = (await bucket.get('m.json'))?.version ?? '';
      expect(await bucket.putIf('m.json', 'two', version)).toBe(true);
      expect(await bucket.putIf('m.json', 'three', version)).toBe(false);
      expect((await bucket.get('m.json'))?.body).toBe('two');
    });

    it('does not replace an object that is gone', async () => {
      await bucket.put('m.json', 'one');
      const version = (await bucket.get('m.json'))?.version ?? '';
      await bucket.delete('m.json');
      expect(await bucket.putIf('m.json', 'two', version)).toBe(false);
      expect(await bucket.get('m.json')).toBeUndefined();
    });

    it('lets exactly one of many racing conditional puts win', async () => {
      const race = (expected: string | null) =>
        Promise.all(
          Array.from({ length: 12 }, (_, i) => bucket.putIf('r.json', `${expected}-${i}`, expected)),
        );
      expect((await race(null)).filter(Boolean)).toHaveLength(1);
      const version = (await bucket.get('r.json'))?.version ?? '';
      expect((await race(version)).filter(Boolean)).toHaveLength(1);
    });

    it.each([
      ['empty', 0],
      ['small', 1_000],
      ['multipart', 21 * 1024 * 1024],
    ])('carries a file (%s) unchanged there and back', async (_size, length) => {
      const body = randomBytes(length);
      const source = join(scratch, 'source.bin');
      await writeFile(source, body);
      expect(await bucket.putFile('parts/p.parquet', source)).toBe(length);
      const local = await bucket.localFile('parts/p.parquet', join(scratch, 'down'));
      expect((await readFile(local)).equals(body)).toBe(true);
      const streamed: Buffer[] = [];
      for await (const piece of await bucket.stream('parts/p.parquet')) streamed.push(piece);
      expect(Buffer.concat(streamed).equals(body)).toBe(true);
      for await (const { bytes } of bucket.list('parts/')) expect(bytes).toBe(length);
    });

    it('leaves nothing behind when an upload is aborted, and rethrows the reason', async () => {
      const source = join(scratch, 'source.bin');
      await writeFile(source, randomBytes(21 * 1024 * 1024));
      const abort = new AbortController();
      const upload = bucket.putFile('parts/p.parquet', source, abort.signal);
      const reason = new Error('cancelled by the test');
      abort.abort(reason);
      await expect(upload).rejects.toBe(reason);
      expect(await keys('')).toEqual([]);
    });

    it('lists by prefix, not by folder', async () => {
      const names = Array.from(
        { length: 30 },
        (_, i) => `d/2025/01/${String(i).padStart(2, '0')}/manifest.json`,
      );
      await Promise.all([...names, 'd/2025/010', 'd2/x', 'other'].map((key) => bucket.put(key, key)));
      expect(await keys('d/2025/01/')).toEqual(names);
      expect(await keys('d/2025/01')).toEqual([...names, 'd/2025/010']);
      expect(await keys('none/')).toEqual([]);
      expect(await keys('')).toHaveLength(33);
    });

    it('lists on behind a key that it has listed, be it there or not', async () => {
      const names = ['p/a-b/x', 'p/a/1', 'p/a/2/z', 'p/b', 'p/b.c', 'p/c/d/e'];
      await Promise.all(names.map((key) => bucket.put(key, key)));
      const order: string[] = [];
      for await (const { key } of bucket.list('p/')) order.push(key);
      expect([...order].sort()).toEqual([...names].sort());
      for (const [index, after] of order.entries()) {
        const rest: string[] = [];
        for await (const { key } of bucket.list('p/', after)) rest.push(key);
        expect(rest).toEqual(order.slice(index + 1));
        await bucket.delete(after);
        const left: string[] = [];
        for await (const { key } of bucket.list('p/', after)) left.push(key);
        expect(left).toEqual(rest);
      }
    });

    it('says when an object was written', async () => {
      const before = Date.now();
      await bucket.put('a/b', 'x');
      const times = [(await bucket.get('a/b'))?.lastModified.getTime()];
      for await (const { lastModified } of bucket.list('a/')) times.push(lastModified.getTime());
      expect(times).toHaveLength(2);
      for (const time of times) {
        expect(time).toBeGreaterThan(before - 5_000);
        expect(time).toBeLessThan(Date.now() + 5_000);
      }
    });

    it('deletes an object only at the version that was read', async () => {
      await bucket.put('m.json', 'one');
      const version = (await bucket.get('m.json'))?.version ?? '';
      await bucket.put('m.json', 'two');
      expect(await bucket.deleteIf('m.json', version)).toBe(false);
      const present = (await bucket.get('m.json'))?.version ?? '';
      expect(await bucket.deleteIf('m.json', present)).toBe(true);
      expect(await bucket.deleteIf('m.json', present)).toBe(false);
      expect(await bucket.get('m.json')).toBeUndefined();
    });

    it('deletes, and deletes again without an error', async () => {
      await bucket.put('a/b', 'x');
      await bucket.delete('a/b');
      await bucket.delete('a/b');
      expect(await bucket.get('a/b')).toBeUndefined();
    });

    it('names the key that cannot be read', async () => {
      await expect(bucket.stream('no/such')).rejects.toMatchObject({ code: 'STORAGE_IO' });
      await expect(bucket.localFile('no/such', scratch)).rejects.toThrow('no/such');
    });

    it('proves that it can be used and leaves no trace of that', async () => {
      await bucket.probe();
      expect(await keys('')).toEqual([]);
    });
  });
}
