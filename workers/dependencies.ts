import { readFile, rm } from 'node:fs/promises';
import type { Dependencies } from '../activities/dependencies.js';
import { claimSpillDirectory } from '../activities/scratch.js';
import type { Environment } from '../config/environment.js';
import { endpointOf } from '../config/host-port.js';
import type { RunConfig } from '../config/run-config.js';
import { SourceLogins } from '../config/source-credentials.js';
import { targetLogin } from '../config/target-environment.js';
import { MigrationError } from '../engine/errors.js';
import { createDriverLog } from '../engine/glue/driver-log.js';
import { createGlueApi } from '../engine/glue/glue-api.js';
import { createTarget } from '../engine/postgres/connection.js';
import { findSourceLimit } from '../engine/postgres/control/source-limits.js';
import { openSession } from '../engine/sqlserver/connection.js';
import { openWithLogin } from '../engine/sqlserver/open-with-login.js';
import { openWithinLimit } from '../engine/sqlserver/open-within-limit.js';
import { SessionLocks } from '../engine/sqlserver/session-locks.js';
import { openBucket } from '../engine/storage/open-bucket.js';
import { EmbeddedDuckDb } from './embedded-duckdb.js';

/** Statements of control are short; more of them at once wait for one another. */
const controlConnections = 8;

/** Builds what activities work with out of the environment; connects to nothing yet. */
export async function createDependencies(
  environment: Environment,
  concurrentSteps: number,
): Promise<{ readonly dependencies: Dependencies; readonly close: () => Promise<void> }> {
  const { target: endpoint, buckets, storage } = environment;
  const sourceCa = await optionalFile(environment.source.caFile);
  const targetCa = await optionalFile(endpoint.caFile);
  const target = createTarget({
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    ...targetLogin(endpoint),
    // A step holds one connection while it writes, and takes another for its records.
    maxConnections: concurrentSteps + controlConnections,
    ...(targetCa !== undefined && { ca: targetCa }),
  });
  const spillDirectory = await claimSpillDirectory(environment.spillDir);
  const locks = new SessionLocks();
  const logins = new SourceLogins(environment.source);
  const duckdb = new EmbeddedDuckDb(spillDirectory);
  const dependencies: Dependencies = {
    environment,
    spillDirectory,
    target,
    buckets: {
      raw: openBucket(buckets.raw, storage),
      transformed: openBucket(buckets.transformed, storage),
      stats: openBucket(buckets.stats, storage),
    },
    async openSource(config, { server, database }, { signal, waiting }) {
      const source = sourceOf(config, server, database);
      const place = {
        alias: server,
        database,
        applicationName: `migrate/${config.category}`,
        ...(sourceCa !== undefined && { ca: sourceCa }),
      };
      return openWithinLimit({
        open: () =>
          openWithLogin({
            current: () => logins.of(source),
            renewed: (refused) => logins.renewed(source, refused),
            open: (login) => openSession({ ...place, ...login }, signal),
          }),
        limit: async () =>
          (await findSourceLimit(target, endpointOf(source))) ?? config.concurrency.perServer,
        locks,
        waiting,
        signal,
      });
    },
    duckdb: (config, use) => duckdb.of(config, use),
    glue: { api: createGlueApi(), readLog: createDriverLog() },
  };
  const close = async (): Promise<void> => {
    await target.close();
    await duckdb.close();
    await rm(spillDirectory, { recursive: true, force: true });
  };
  return { dependencies, close };
}

function sourceOf(config: RunConfig, server: string, database: string): RunConfig['databases'][number] {
  const found = config.databases.find((source) => source.server === server && source.database === database);
  if (found === undefined)
    throw new MigrationError(
      'INTERNAL',
      `The run of ${config.category} has no database ${server}/${database}.`,
    );
  return found;
}

async function optionalFile(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8');
}
