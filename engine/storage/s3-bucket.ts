import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { MigrationError } from '../errors.js';
import type { Bucket, ObjectInfo, ObjectVersion, ReadObject } from './bucket.js';
import { probeBucket } from './probe.js';
import { createS3Client, type S3Settings } from './s3-client.js';
import { downloadFile } from './s3-download.js';
import { isMissingObject, type S3Attempt, s3Attempts, s3Error, s3Status } from './s3-error.js';
import type { S3Object } from './s3-object.js';
import { putBytes, uploadFile } from './s3-upload.js';

/** An S3 bucket, `location` being its name, or a prefix in it: `name/some/prefix`. Touches nothing yet. */
export function createS3Bucket(location: string, settings: S3Settings): Bucket {
  return new S3Bucket(location, settings);
}

class S3Bucket implements Bucket {
  readonly url: string;
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  readonly #bucket: Pick<S3Object['at'], 'Bucket' | 'ExpectedBucketOwner'>;
  readonly #prefix: string;

  constructor(location: string, settings: S3Settings) {
    const [name = '', ...prefix] = location.split('/').filter((part) => part !== '');
    const { bucketOwner } = settings;
    this.url = ['s3:/', name, ...prefix].join('/');
    this.#client = createS3Client(settings);
    this.#settings = settings;
    this.#bucket = { Bucket: name, ...(bucketOwner !== undefined && { ExpectedBucketOwner: bucketOwner }) };
    this.#prefix = prefix.map((part) => `${part}/`).join('');
  }

  async putFile(key: string, localPath: string, signal?: AbortSignal): Promise<number> {
    return this.#mapped('write', key, () => uploadFile(this.#object(key), localPath, signal), signal);
  }

  async put(key: string, body: string | Buffer): Promise<void> {
    await this.#mapped('write', key, () => putBytes(this.#object(key), Buffer.from(body)));
  }

  async putIf(key: string, body: string, expected: ObjectVersion | null): Promise<boolean> {
    const condition = expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected };
    return this.#mapped('write', key, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await putBytes(this.#object(key), Buffer.from(body), condition);
          return true;
        } catch (error) {
          // Where an answer was lost, a repetition, the client's own or this one's, meets the object that was put.
          if (s3Status(error) === 412)
            return (attempt > 1 || s3Attempts(error) > 1) && (await this.get(key))?.body === body;
          if (expected !== null && isMissingObject(error)) return false;
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
        const { Body, ETag = '', LastModified } = await this.#open(key);
        const body = (await Body?.transformToString('utf-8')) ?? '';
        return { body, version: ETag, lastModified: dated(LastModified) };
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        throw error;
      }
    });
  }

  async stream(key: string): Promise<Readable> {
    return this.#mapped('read', key, async () => {
      const { Body } = await this.#open(key);
      if (Body instanceof Readable) return Body;
      throw new MigrationError('STORAGE_IO', `${key} in ${this.url} came without a body.`);
    });
  }

  async localFile(key: string, directory: string, signal?: AbortSignal): Promise<string> {
    const hash = createHash('sha256').update(`${this.url}/${key}`).digest('hex').slice(0, 16);
    const path = join(directory, `${hash}-${basename(key)}`);
    const partial = `${path}.partial`;
    return this.#mapped(
      'read',
      key,
      async () => {
        signal?.throwIfAborted();
        await mkdir(directory, { recursive: true });
        try {
          await downloadFile(this.#object(key), partial, signal);
          await rename(partial, path);
        } finally {
          await rm(partial, { force: true });
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
        ...this.#bucket,
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
    await this.#mapped('delete', key, () => this.#client.send(new DeleteObjectCommand(this.#object(key).at)));
  }

  /** Looks first, as servers other than AWS's may pass over the condition. */
  async deleteIf(key: string, expected: ObjectVersion): Promise<boolean> {
    if ((await this.get(key))?.version !== expected) return false;
    return this.#mapped('delete', key, async () => {
      try {
        await this.#client.send(new DeleteObjectCommand({ ...this.#object(key).at, IfMatch: expected }));
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

  #open(key: string): Promise<GetObjectCommandOutput> {
    return this.#client.send(new GetObjectCommand(this.#object(key).at));
  }

  #object(key: string): S3Object {
    const { kmsKeyId } = this.#settings;
    return {
      client: this.#client,
      at: { ...this.#bucket, Key: `${this.#prefix}${key}` },
      encryption:
        kmsKeyId === undefined
          ? {}
          : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId, BucketKeyEnabled: true },
    };
  }

  async #mapped<T>(
    verb: S3Attempt['verb'],
    key: string,
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const region = await this.#client.config.region().catch(() => undefined);
      throw s3Error(error, { verb, key, url: this.url, region, settings: this.#settings });
    }
  }
}

/** Every store tells when; what one does not is never taken for old. */
function dated(lastModified: Date | undefined): Date {
  return lastModified ?? new Date();
}
