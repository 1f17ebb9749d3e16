import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Bucket, ObjectInfo, ReadObject } from '../../engine/storage/bucket.js';

/** A bucket of small objects in memory, whose ages a test sets, and whose changes it can break off. */
export class MemoryBucket implements Bucket {
  readonly objects = new Map<string, { readonly body: string; readonly lastModified: Date }>();
  readonly url: string;
  /** Called before each change; what it throws comes instead of the change. */
  beforeChange: (key: string) => void = () => undefined;

  constructor(name: string) {
    this.url = `memory://${name}`;
  }

  /** Sets an object with an age; no change that `beforeChange` hears of. */
  age(key: string, body: string, lastModified: number): void {
    this.objects.set(key, { body, lastModified: new Date(lastModified) });
  }

  async put(key: string, body: string | Buffer): Promise<void> {
    this.beforeChange(key);
    this.age(key, body.toString(), Date.now());
  }

  async putIf(key: string, body: string, expected: string | null): Promise<boolean> {
    if (((await this.get(key))?.version ?? null) !== expected) return false;
    await this.put(key, body);
    return true;
  }

  async get(key: string): Promise<ReadObject | undefined> {
    const found = this.objects.get(key);
    if (found === undefined) return undefined;
    const version = createHash('sha256')
      .update(`${found.body} ${found.lastModified.getTime()}`)
      .digest('hex');
    return { ...found, version };
  }

  async *list(prefix: string, after = ''): AsyncIterable<ObjectInfo> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    for (const key of keys) {
      const found = this.objects.get(key);
      if (found !== undefined)
        yield { key, bytes: Buffer.byteLength(found.body), lastModified: found.lastModified };
    }
  }

  async delete(key: string): Promise<void> {
    this.beforeChange(key);
    this.objects.delete(key);
  }

  async deleteIf(key: string, expected: string): Promise<boolean> {
    if ((await this.get(key))?.version !== expected) return false;
    await this.delete(key);
    return true;
  }

  putFile(): Promise<number> {
    return Promise.reject(new Error('Not in memory.'));
  }

  stream(): Promise<Readable> {
    return Promise.reject(new Error('Not in memory.'));
  }

  localFile(): Promise<string> {
    return Promise.reject(new Error('Not in memory.'));
  }

  async probe(): Promise<void> {}
}
