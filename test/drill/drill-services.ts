import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { type AwsVariables, startObjectStore } from '../../sandbox/services/aws-stand-ins.js';
import { ensureCertificates } from '../../sandbox/services/certificates.js';
import { sandboxPaths, targetDatabase } from '../../sandbox/services/paths.js';
import { freePort } from '../../sandbox/services/ports.js';
import { startTarget } from '../../sandbox/services/postgres.js';
import { clusterData, type PostgresCluster } from '../../sandbox/services/postgres-cluster.js';
import { stopRecorded } from '../../sandbox/services/process.js';
import { productEnvironment, writeProductFiles } from '../../sandbox/services/product-environment.js';
import { ensureSecrets } from '../../sandbox/services/secrets.js';
import type { SandboxPorts, SandboxSettings, Storage } from '../../sandbox/services/settings.js';
import { startSqlServers } from '../../sandbox/services/sqlserver.js';
import { startTemporal } from '../../sandbox/services/temporal.js';

/** `objects` is there where the buckets are not directories. */
export type Service = 'sqlserver' | 'postgres' | 'temporal' | 'objects';

/** The outside systems of a drill, each a process of its own on its own data. */
export interface DrillServices {
  readonly ports: SandboxPorts & { readonly objects: number };
  /** Writes what the product reads of these services; returns its environment, with `changes`. */
  productFiles(changes: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** PostgreSQL as its administrator; the caller ends it. */
  administrator(): Promise<Client>;
  /** Ends a service by a signal, leaves it down for so long, and starts it on its data and port again. */
  restart(service: Service, signal: NodeJS.Signals, downMs?: number): Promise<void>;
  /** Stops everything and removes what it left. */
  stop(): Promise<void>;
}

const rowsPerTable = 2_000;
/** Of every lane's S3 server: they are told apart by their ports, and their clients read one environment. */
const sharedKey = 'drill-drill-drill';

/** Starts all of them in a directory of their own; where one fails, nothing of the others is left. */
export async function startServices(storage: Storage): Promise<DrillServices> {
  const directory = mkdtempSync(join(tmpdir(), 'drill-'));
  const settings = await settingsIn(directory, storage);
  const objects = await freePort();
  const paths = sandboxPaths(directory);
  const secrets = ensureSecrets(paths.secrets);
  const certificates = await ensureCertificates(paths.tls);
  let cluster: PostgresCluster | undefined;
  let buckets: AwsVariables = {};
  const start: Readonly<Record<Service, () => Promise<void>>> = {
    postgres: async () => {
      cluster = await startTarget(settings, secrets, certificates);
    },
    temporal: async () => {
      const { temporal: port, temporalUi: uiPort } = settings.ports;
      await startTemporal({ port, uiPort, directory });
    },
    sqlserver: async () => {
      await startSqlServers(settings);
    },
    objects: async () => {
      if (storage !== 's3') return;
      buckets = await startObjectStore(directory, { ...secrets, objectStoreKey: sharedKey }, objects);
      // The drill looks into the buckets itself.
      for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        process.env[name] = buckets[name];
    },
  };
  const services: DrillServices = {
    ports: { ...settings.ports, objects },
    productFiles(changes) {
      const environment = { ...productEnvironment(settings, secrets, certificates, buckets), ...changes };
      writeProductFiles(settings, secrets, environment, join(directory, '.env.sandbox'));
      return environment;
    },
    async administrator() {
      const client = await cluster?.superuser(targetDatabase);
      if (client === undefined) throw new Error('PostgreSQL was never started.');
      client.on('error', () => undefined);
      return client;
    },
    async restart(service, signal, downMs = 0) {
      await stopRecorded(directory, recordedName(service), signal);
      await sleep(downMs);
      await start[service]();
    },
    async stop() {
      for (const service of ['temporal', 'sqlserver', 'postgres', 'objects'] as const)
        await stopRecorded(directory, recordedName(service), 'SIGINT');
      for (const path of [clusterData(directory), directory]) rmSync(path, { recursive: true, force: true });
    },
  };
  await allOrNothing(Object.values(start), services.stop);
  return services;
}

function recordedName(service: Service): string {
  return service === 'objects' ? 'seaweedfs' : service;
}

/** Waits for all of them, also where one fails: what is still starting could not be stopped. */
export async function allOrNothing(
  starts: readonly (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<void> {
  const started = await Promise.allSettled(starts.map((start) => start()));
  const failed = started.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return;
  await stop();
  throw failed.reason;
}

async function settingsIn(directory: string, storage: Storage): Promise<SandboxSettings> {
  const [temporal = 0, temporalUi = 0, postgres = 0, server01 = 0, server02 = 0] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const ports = { temporal, temporalUi, postgres, server01, server02 };
  return { directory, ports, rows: rowsPerTable, storage };
}
