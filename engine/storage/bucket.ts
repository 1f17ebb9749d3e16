import type { Readable } from 'node:stream';

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** By the clock of the store. */
  readonly lastModified: Date;
}

/** A small object as it was read. */
export interface ReadObject {
  readonly body: string;
  readonly version: ObjectVersion;
  /** By the clock of the store. */
  readonly lastModified: Date;
}

/** Opaque version of an object, for conditional puts (an ETag, or a hash of the content on file://). */
export type ObjectVersion = string;

/**
 * A place for objects under slash-separated keys. Implementations: `file-bucket.ts`, `s3-bucket.ts`.
 * Every method throws MigrationError: STORAGE_ACCESS (no such bucket, no permission), STORAGE_IO and STORAGE_THROTTLED
 * (may pass).
 */
export interface Bucket {
  /** `file:///…` or `s3://bucket/prefix`, for messages and reports. */
  readonly url: string;
  /** Uploads a local file; complete or absent, never partial. Returns its size in bytes. */
  putFile(key: string, localPath: string, signal?: AbortSignal): Promise<number>;
  /** Writes a small object. */
  put(key: string, body: string | Buffer): Promise<void>;
  /**
   * Writes a small object only if it does not exist (`expected: null`) or is still at `expected`.
   * Returns false when somebody else was first.
   */
  putIf(key: string, body: string, expected: ObjectVersion | null): Promise<boolean>;
  /** The object, or undefined where there is none. Small objects only. */
  get(key: string): Promise<ReadObject | undefined>;
  stream(key: string): Promise<Readable>;
  /** A local path with the object's bytes: the file itself on file://, else a download into `directory`. */
  localFile(key: string, directory: string, signal?: AbortSignal): Promise<string>;
  /**
   * For cleaning up, never for what must be complete: a manifest says what there is.
   * Every object whose key starts with `prefix`, in pages behind the scenes; with `after`, a key that this bucket has
   * listed before, only what comes behind that, be it still there or not.
   */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;
  /** Deletes an object; no error where there is none. */
  delete(key: string): Promise<void>;
  /** Deletes an object that is still at `expected`. Returns false where it is not, or is gone. */
  deleteIf(key: string, expected: ObjectVersion): Promise<boolean>;
  /** Proves that the bucket can be written, read and deleted, with an object of its own; else throws STORAGE_ACCESS. */
  probe(): Promise<void>;
}
