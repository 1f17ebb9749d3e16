import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { createS3Bucket } from '../../../engine/storage/s3-bucket.js';
import type { S3Settings } from '../../../engine/storage/s3-client.js';
import type { AwsServer } from '../../../sandbox/services/aws-server.js';
import { type MotoServer, startMoto } from '../../../sandbox/services/moto.js';
import { type SeaweedIdentity, startSeaweedFs } from '../../../sandbox/services/seaweedfs.js';

/** The bucket that both servers have. */
export const bucketName = 'raw-bucket';
const owner = { accessKeyId: 'owner', secretAccessKey: 'owner-secret' } as const;

/** A server of a test file, and what the tests ask of it behind the product's back. */
export class TestServer<Server extends AwsServer = AwsServer> {
  readonly client: S3Client;

  constructor(
    readonly server: Server,
    readonly directory: string,
  ) {
    Object.assign(process.env, server.environment);
    this.client = new S3Client({ endpoint: server.endpoint, forcePathStyle: true });
  }

  /** How the product reaches it, or what stands in front of it. */
  settings(endpoint = this.server.endpoint): S3Settings {
    return { endpoint, pathStyle: true };
  }

  /** A place in the bucket that nobody has used. */
  open(settings: S3Settings = this.settings()): Bucket {
    return createS3Bucket(`${bucketName}/test-${randomUUID()}`, settings);
  }

  /** Keys of uploads that were begun and neither completed nor taken back. */
  async unfinished(): Promise<readonly string[]> {
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ Bucket: bucketName }));
    return Uploads.map(({ Key = '' }) => Key);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.server.stop();
    await rm(this.directory, { recursive: true });
  }
}

export async function startTestMoto(): Promise<TestServer<MotoServer>> {
  const directory = await mkdtemp(join(tmpdir(), 'moto-'));
  const moto = new TestServer(await startMoto({ directory }), directory);
  await moto.client.send(new CreateBucketCommand({ Bucket: bucketName }));
  return moto;
}

export async function startTestSeaweedFs(others: readonly SeaweedIdentity[] = []): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'seaweedfs-'));
  return new TestServer(await startSeaweedFs({ directory, owner, others, buckets: [bucketName] }), directory);
}
