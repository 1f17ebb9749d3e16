import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { MigrationError } from '../errors.js';
import type { Bucket, ObjectInfo, ObjectVersion, ReadObject } from './bucket.js';
import { probeBucket } from './probe.js';
import { isMissingObject, s3Error, s3Status } from './s3-error.js';

export interface S3BucketOptions {
  /** Bucket name and prefix: `name` or `name/some/prefix`. */
  readonly location: string;
  /** Of an S3-compatible server; else AWS_ENDPOINT_URL_S3 / AWS_ENDPOINT_URL, else AWS itself. */
  readonly endpoint?: string;
  /** `http://host/bucket/key`; by default on when an endpoint is given, as such servers seldom have DNS. */
  readonly pathStyle?: boolean;
}

const mebibyte = 1024 * 1024;
/** S3 takes 10,000 parts of at least 5 MiB an upload. */
const uploadPartBytes = (size: number): number => Math.max(8 * mebibyte, Math.ceil(size / 9_000));

/** An S3 bucket, or a prefix in one. Credentials and region come from the ordinary AWS environment. */
export function createS3Bucket(options: S3BucketOptions): Bucket {
  const endpoint = options.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    ...(endpoint ? { endpoint } : {}),
    forcePathStyle: options.pathStyle ?? endpoint !== undefined,
  });
  const [name = '', ...prefix] = options.location.split('/').filter((part) => part !== '');
  return new S3Bucket(client, name, prefix.map((part) => `${part}/`).join(''));
}

class S3Bucket implements Bucket {
  readonly url: string;
  readonly #client: S3Client;
  readonly #name: string;
  readonly #prefix: string;

  constructor(client: S3Client, name: string, prefix: string) {
    this.#client = client;
    this.#name = name;
    this.#prefix = prefix;
    this.url = `s3://${name}/${prefix}`.replace(/\/$/, '');
  }

  async putFile(key: string, localPath: string, signal?: AbortSignal): Promise<number> {
    return this.#mapped(
      'write',
      key,
      async () => {
        const { size } = await stat(localPath);
        signal?.throwIfAborted();
        const body = createReadStream(localPath);
        const upload = new Upload({
          client: this.#client,
          params: { ...this.#at(key), Body: body },
          partSize: uploadPartBytes(size),
          queueSize: 3,
        });
        const abort = () => void upload.abort();
        signal?.addEventListener('abort', abort, { once: true });
        try {
          await upload.done();
        } finally {
          signal?.removeEventListener('abort', abort);
          body.destroy();
        }
        return size;
      },
      signal,
    );
  }

  async put(key: string, body: string | Buffer): Promise<void> {
    await this.#mapped('write', key, () =>
      this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body })),
    );
  }

  async putIf(key: string, body: string, expected: ObjectVersion | null): Promise<boolean> {
    const condition = expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected };
    return this.#mapped('write', key, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body, ...condition }));
          return true;
        } catch (error) {
          if (s3Status(error) === 412 || (expected !== null && isMissingObject(error))) return false;
          // 409: another conditional write of this key was under way, and may or may not have succeeded.
          if (s3Status(error) !== 409 || attempt === 5) throw error;
          await sleep(100 * attempt);
        }
      }
    });
  }

  async get(key: string): Promise<ReadObject | undefined> {
    return this.#mapped('read', key, async () => {
      try {
        const answer = await this.#client.send(new GetObjectCommand(this.#at(key)));
        return {
          body: (await answer.Body?.transformToString('utf-8')) ?? '',
          version: answer.ETag ?? '',
          // Every store says it; one that does not is never taken for old.
          lastModified: answer.LastModified ?? new Date(),
        };
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        throw error;
      }
    });
  }

  async stream(key: string): Promise<Readable> {
    return this.#mapped('read', key, async () => (await this.#open(key)).body);
  }

  async localFile(key: string, directory: string, signal?: AbortSignal): Promise<string> {
    return this.#mapped(
      'read',
      key,
      async () => {
        signal?.throwIfAborted();
        await mkdir(directory, { recursive: true });
        const hash = createHash('sha256').update(`${this.url}/${key}`).digest('hex').slice(0, 16);
        const path = join(directory, `${hash}-${basename(key)}`);
        try {
          const { body, bytes } = await this.#open(key, signal);
          await pipeline(body, createWriteStream(`${path}.partial`), signal ? { signal } : {});
          const { size } = await stat(`${path}.partial`);
          if (bytes !== undefined && size !== bytes) {
            throw new MigrationError(
              'STORAGE_IO',
              `${key} in ${this.url} came as ${size} of ${bytes} bytes.`,
            );
          }
          await rename(`${path}.partial`, path);
        } finally {
          await rm(`${path}.partial`, { force: true });
        }
        return path;
      },
      signal,
    );
  }

  async *list(prefix: string, after?: string): AsyncIterable<ObjectInfo> {
    const pages = paginateListObjectsV2(
      { client: this.#client },
      {
        Bucket: this.#name,
        Prefix: `${this.#prefix}${prefix}`,
        ...(after !== undefined && { StartAfter: `${this.#prefix}${after}` }),
      },
    );
    const pager = pages[Symbol.asyncIterator]();
    for (;;) {
      const page = await this.#mapped('list', prefix, () => pager.next());
      if (page.done) return;
      for (const object of page.value.Contents ?? []) {
        yield {
          key: (object.Key ?? '').slice(this.#prefix.length),
          bytes: object.Size ?? 0,
          lastModified: object.LastModified ?? new Date(),
        };
      }
    }
  }

  async delete(key: string): Promise<void> {
    await this.#mapped('delete', key, () => this.#client.send(new DeleteObjectCommand(this.#at(key))));
  }

  /** Looks first, as servers other than AWS's may pass over the condition. */
  async deleteIf(key: string, expected: ObjectVersion): Promise<boolean> {
    if ((await this.get(key))?.version !== expected) return false;
    return this.#mapped('delete', key, async () => {
      try {
        await this.#client.send(new DeleteObjectCommand({ ...this.#at(key), IfMatch: expected }));
        return true;
      } catch (error) {
        if (s3Status(error) === 412 || s3Status(error) === 409 || isMissingObject(error)) return false;
        throw error;
      }
    });
  }

  async probe(): Promise<void> {
    await probeBucket(this);
  }

  async #open(key: string, signal?: AbortSignal): Promise<{ body: Readable; bytes: number | undefined }> {
    const answer = await this.#client.send(
      new GetObjectCommand(this.#at(key)),
      signal ? { abortSignal: signal } : {},
    );
    if (!(answer.Body instanceof Readable)) {
      throw new MigrationError('STORAGE_IO', `${key} in ${this.url} came without a body.`);
    }
    return { body: answer.Body, bytes: answer.ContentLength };
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#name, Key: `${this.#prefix}${key}` };
  }

  async #mapped<T>(verb: string, key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw s3Error(error, `Cannot ${verb} ${key} in ${this.url}`);
    }
  }
}
