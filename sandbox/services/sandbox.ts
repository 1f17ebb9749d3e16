import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fillAwsStandIns, startAwsStandIns } from './aws-stand-ins.js';
import { ensureCertificates } from './certificates.js';
import { sandboxPaths, targetDatabase, targetUser } from './paths.js';
import { assertPortsFree } from './ports.js';
import { startTarget } from './postgres.js';
import { clusterData } from './postgres-cluster.js';
import { recordedPid, stopRecorded } from './process.js';
import { productEnvironment, writeProductFiles } from './product-environment.js';
import { ensureSecrets } from './secrets.js';
import type { SandboxSettings, Storage } from './settings.js';
import { startSqlServers } from './sqlserver.js';
import { startTemporal } from './temporal.js';

/** What a running sandbox says about itself in its state file. No secrets. */
export interface SandboxState {
  readonly rows: number;
  readonly storage: Storage;
  readonly servers: Readonly<Record<string, string>>;
  readonly temporalAddress: string;
  readonly temporalCli: string;
  readonly webUi: string;
  readonly psql: string;
  readonly buckets: { readonly raw: string; readonly transformed: string; readonly stats: string };
  readonly envFile: string;
}

/** The services of a sandbox and the signal at which each ends cleanly, in the order of stopping. */
const services = [
  ['worker', 'SIGTERM'],
  ['temporal', 'SIGINT'],
  ['sqlserver', 'SIGTERM'],
  ['postgres', 'SIGINT'],
  ['seaweedfs', 'SIGTERM'],
  ['moto', 'SIGTERM'],
] as const;
const needed = ['temporal', 'sqlserver', 'postgres'] as const;
const neededOn = { file: [], s3: ['seaweedfs', 'moto'] } as const;

/**
 * Starts everything the product talks to and writes what it needs to reach it into `envFile`. Data of an
 * earlier start is used again.
 * @throws Error naming the port that is taken, or the service that failed and its log; nothing is left running.
 */
export async function startSandbox(settings: SandboxSettings, envFile: string): Promise<SandboxState> {
  const { directory, ports } = settings;
  const paths = sandboxPaths(directory);
  mkdirSync(directory, { recursive: true });
  if (runningSandbox(directory))
    throw new Error('A sandbox is up already. To stop it: npm run sandbox -- --stop');
  // What a killed sandbox left behind would hold the ports.
  await stopSandbox(directory);
  await assertPortsFree(ports);
  const secrets = ensureSecrets(paths.secrets);
  const certificates = await ensureCertificates(paths.tls);
  const starting = [
    startTarget(settings, secrets, certificates),
    startTemporal({ port: ports.temporal, uiPort: ports.temporalUi, directory }),
    startSqlServers(settings),
    settings.storage === 's3' ? startAwsStandIns(directory, secrets) : undefined,
  ] as const;
  const failed = (await Promise.allSettled(starting)).find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stopSandbox(directory);
    throw failed.reason;
  }
  const [target, temporal, sources, aws] = await Promise.all(starting);
  const environment = productEnvironment(settings, secrets, certificates, aws);
  writeProductFiles(settings, secrets, environment, envFile);
  if (aws !== undefined) {
    const secret = readFileSync(paths.sourceSecret, 'utf8');
    await fillAwsStandIns(aws, secret, environment.CONFIG_DIR ?? resolve('config'));
  }
  const state: SandboxState = {
    rows: settings.rows,
    storage: settings.storage,
    servers: sources.addresses,
    temporalAddress: temporal.address,
    temporalCli: temporal.cli,
    webUi: temporal.ui,
    psql: psqlCommand(target.port, envFile),
    buckets: {
      raw: environment.RAW_BUCKET ?? '',
      transformed: environment.TRANSFORMED_BUCKET ?? '',
      stats: environment.STATS_BUCKET ?? '',
    },
    envFile,
  };
  writeFileSync(paths.state, `${JSON.stringify(state, null, 2)}\n`);
  return state;
}

/** The state of the sandbox that is up in `directory`, or undefined where none is, or not the whole of one. */
export function runningSandbox(directory: string): SandboxState | undefined {
  const { state: file } = sandboxPaths(directory);
  if (!existsSync(file)) return undefined;
  const state = JSON.parse(readFileSync(file, 'utf8')) as SandboxState;
  const alive = [...needed, ...neededOn[state.storage]].every(
    (name) => recordedPid(directory, name) !== undefined,
  );
  return alive ? state : undefined;
}

/** Stops every service that was started in `directory`, by whom ever, worker first; safe to call again. */
export async function stopSandbox(directory: string): Promise<void> {
  rmSync(sandboxPaths(directory).state, { force: true });
  for (const [name, signal] of services) await stopRecorded(directory, name, signal);
}

/** Stops the sandbox and removes everything that its starts left in `directory`. */
export async function removeSandbox(directory: string): Promise<void> {
  await stopSandbox(directory);
  for (const path of [clusterData(directory), directory]) rmSync(path, { recursive: true, force: true });
}

function psqlCommand(port: number, envFile: string): string {
  const connection = `host=localhost port=${port} dbname=${targetDatabase} user=${targetUser} sslmode=verify-full sslrootcert=$RDS_CA_FILE`;
  return `( . ${envFile}; PGPASSWORD=$RDS_PASSWORD psql "${connection}" )`;
}
