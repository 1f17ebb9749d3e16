import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { MigrationError } from '../errors.js';
import type { Bucket, ObjectInfo, ObjectVersion, ReadObject } from './bucket.js';
import { withFileLock } from './file-lock.js';
import { probeBucket } from './probe.js';
import { fileError, systemCode } from './storage-error.js';

/** Holds files on their way in, and locks; never listed. */
const scratchName = '.tmp';

/**
 * A directory as a bucket; created when it is missing. An object is written to a temporary file, flushed, and
 * then renamed or linked into place, so that it is complete or absent whatever dies; conditional puts exclude
 * each other across processes by a lock file.
 */
export function createFileBucket(root: string): Bucket {
  return new FileBucket(root);
}

class FileBucket implements Bucket {
  readonly url: string;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.url = pathToFileURL(root).href;
  }

  async putFile(key: string, localPath: string, signal?: AbortSignal): Promise<number> {
    return this.#mapped('write', key, async () => {
      signal?.throwIfAborted();
      const temporary = this.#temporary();
      return this.#cleaningUp(temporary, async () => {
        await withDirectory(temporary, () => copyFile(localPath, temporary, constants.COPYFILE_FICLONE));
        await flush(temporary);
        signal?.throwIfAborted();
        const { size } = await stat(temporary);
        await this.#place(temporary, key);
        return size;
      });
    });
  }

  async put(key: string, body: string | Buffer): Promise<void> {
    await this.#mapped('write', key, async () => {
      const temporary = await this.#write(body);
      await this.#cleaningUp(temporary, () => this.#locked(key, () => this.#place(temporary, key)));
    });
  }

  async putIf(key: string, body: string, expected: ObjectVersion | null): Promise<boolean> {
    return this.#mapped('write', key, async () => {
      const temporary = await this.#write(body);
      return this.#cleaningUp(temporary, () =>
        // Of many links to one new name the file system lets one succeed: that needs no lock.
        expected === null ? this.#linkNew(temporary, key) : this.#replace(temporary, key, expected),
      );
    });
  }

  async get(key: string): Promise<ReadObject | undefined> {
    return this.#mapped('read', key, async () => {
      const file = await orUndefined(open(this.#path(key)), ['ENOENT', 'ENOTDIR']);
      if (!file) return undefined;
      try {
        const body = await file.readFile();
        const version = createHash('sha256').update(body).digest('hex');
        return { body: body.toString('utf8'), version, lastModified: (await file.stat()).mtime };
      } finally {
        await file.close();
      }
    });
  }

  async stream(key: string): Promise<Readable> {
    return this.#mapped('read', key, async () => (await open(this.#path(key))).createReadStream());
  }

  async localFile(key: string, _directory: string, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    return this.#mapped('read', key, async () => {
      await stat(this.#path(key));
      return this.#path(key);
    });
  }

  async *list(prefix: string, after?: string): AsyncIterable<ObjectInfo> {
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after);
  }

  async delete(key: string): Promise<void> {
    await this.#mapped('delete', key, async () => {
      await mkdir(join(this.#root, scratchName), { recursive: true });
      await this.#locked(key, () => orUndefined(unlink(this.#path(key))));
    });
  }

  async deleteIf(key: string, expected: ObjectVersion): Promise<boolean> {
    return this.#mapped('delete', key, async () => {
      await mkdir(join(this.#root, scratchName), { recursive: true });
      return this.#locked(key, async () => {
        if ((await this.get(key))?.version !== expected) return false;
        await unlink(this.#path(key));
        return true;
      });
    });
  }

  async probe(): Promise<void> {
    await probeBucket(this);
  }

  /** In the order of names, folder by folder; `after` says where in that order to begin. */
  async *#walk(folder: string, prefix: string, after: string | undefined): AsyncIterable<ObjectInfo> {
    const entries = await this.#mapped('list', folder, () =>
      orUndefined(readdir(join(this.#root, folder), { withFileTypes: true })),
    );
    const sorted = (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
    const from = after?.startsWith(folder) ? after.slice(folder.length).split('/')[0] : undefined;
    for (const entry of sorted) {
      const key = `${folder}${entry.name}`;
      if (key === scratchName || key === after || (from !== undefined && entry.name < from)) continue;
      if (entry.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`))) {
        yield* this.#walk(`${key}/`, prefix, entry.name === from ? after : undefined);
      } else if (entry.isFile() && key.startsWith(prefix)) {
        const info = await orUndefined(stat(join(this.#root, key)));
        if (info) yield { key, bytes: info.size, lastModified: info.mtime };
      }
    }
  }

  async #write(body: string | Buffer): Promise<string> {
    const temporary = this.#temporary();
    const file = await withDirectory(temporary, () => open(temporary, 'wx'));
    try {
      await file.writeFile(body);
      await file.sync();
    } finally {
      await file.close();
    }
    return temporary;
  }

  #temporary(): string {
    return join(this.#root, scratchName, randomUUID());
  }

  #replace(temporary: string, key: string, expected: ObjectVersion): Promise<boolean> {
    return this.#locked(key, async () => {
      if ((await this.get(key))?.version !== expected) return false;
      await this.#place(temporary, key);
      return true;
    });
  }

  async #place(temporary: string, key: string): Promise<void> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
    await flush(dirname(path));
  }

  async #linkNew(temporary: string, key: string): Promise<boolean> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    try {
      await link(temporary, path);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    }
    await flush(dirname(path));
    return true;
  }

  async #cleaningUp<T>(temporary: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await orUndefined(unlink(temporary));
    }
  }

  #locked<T>(key: string, work: () => Promise<T>): Promise<T> {
    const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
    return withFileLock(join(this.#root, scratchName, `lock-${name}`), work);
  }

  #path(key: string): string {
    const safe = key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    if (!safe || key.includes('\0') || key.startsWith(`${scratchName}/`)) {
      throw new MigrationError('INTERNAL', `Object key ${JSON.stringify(key)} is no relative path.`);
    }
    return join(this.#root, key);
  }

  async #mapped<T>(verb: string, key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Not a system error: a MigrationError, or the caller's own reason for aborting.
      if (systemCode(error) === undefined || error instanceof MigrationError) throw error;
      throw fileError(error, `Cannot ${verb} ${key} in ${this.url}`);
    }
  }
}

/** `work`, which makes a file at `path`; where the directory is missing, once more after making it. */
async function withDirectory<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return work();
  }
}

async function orUndefined<T>(
  work: Promise<T>,
  codes: readonly string[] = ['ENOENT'],
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
