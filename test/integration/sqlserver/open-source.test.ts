import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Dependencies } from '../../../activities/dependencies';
import { recordSourceLimit } from '../../../activities/source-limits';
import { runStep } from '../../../activities/step';
import { parseEnvironment } from '../../../config/environment';
import type { RunConfig } from '../../../config/run-config';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import type { SourceSession } from '../../../engine/sqlserver/connection';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { SqlServerEngine } from '../../../sandbox/sqlserver/engine/types';
import { createDependencies } from '../../../workers/dependencies';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { startTestServer, type TestServer } from '../sandbox/tds-test-server';

jest.setTimeout(60_000);

describe('sessions that activities open', () => {
  let postgres: TestPostgres;
  let engine: SqlServerEngine;
  let server: TestServer;
  const workers: { readonly dependencies: Dependencies; readonly close: () => Promise<void> }[] = [];
  const opened: SourceSession[] = [];

  beforeAll(async () => {
    engine = await createEngine({
      name: 'server01',
      logins: [{ user: 'reader', password: 'right' }],
      databases: [{ name: 'One', snapshotIsolation: true, readCommittedSnapshot: false, tables: [] }],
    });
    [postgres, server] = await Promise.all([startPostgres(), startTestServer(engine)]);
    const { endpoint } = postgres;
    const bucket = `file://${server.folder}`;
    const environment = parseEnvironment({
      RDS_ENDPOINT: `${endpoint.host}:${endpoint.port}`,
      RDS_USER: endpoint.user,
      RDS_PASSWORD: String(endpoint.password),
      RDS_DATABASE: endpoint.database,
      RDS_TLS: 'off',
      RAW_BUCKET: bucket,
      TRANSFORMED_BUCKET: bucket,
      STATS_BUCKET: bucket,
      SOURCE_SECRET: JSON.stringify({ username: 'reader', password: 'right' }),
      MSSQL_CA_FILE: server.caFile,
      SPILL_DIR: join(server.folder, 'spill'),
    });
    for (let worker = 0; worker < 2; worker += 1) workers.push(await createDependencies(environment, 1));
  });
  afterAll(async () => {
    for (const session of opened) await session.close();
    for (const { close } of workers) await close();
    await server.close();
    await Promise.all([engine.close(), postgres.stop()]);
  });

  const config = (perServer: number) =>
    ({
      category: 'test',
      concurrency: { perServer },
      databases: [{ server: 'server01', host: 'LocalHost', port: server.port, database: 'One' }],
    }) as unknown as RunConfig;
  /** Opens a session of a category as an activity of one of the workers would. */
  const open = (worker: number, perServer: number, waiting: () => void = () => undefined) =>
    new MockActivityEnvironment().run(() =>
      runStep(async (step) => {
        const place = { server: 'server01', database: 'One' };
        const session = await workers[worker]?.dependencies.openSource(config(perServer), place, {
          ...step,
          waiting: () => {
            step.waiting();
            waiting();
          },
        });
        if (session !== undefined) opened.push(session);
      }),
    ) as Promise<void>;
  const record = (limit: number) =>
    new MockActivityEnvironment().run(() =>
      recordSourceLimit(workers[0]?.dependencies as Dependencies)({
        endpoint: `localhost:${server.port}`,
        limit,
        set: true,
      }),
    ) as Promise<{ readonly kept: boolean }>;

  it('are as many as the category allows while nobody keeps a limit, and as the kept limit allows then', async () => {
    await open(0, 2);
    await open(1, 2);
    // Nowhere to keep it before the first run has made the schema.
    await expect(record(9)).resolves.toEqual({ kept: false });
    const [first] = workers;
    if (first !== undefined) await applyControlSchema(first.dependencies.target);
    await expect(record(3)).resolves.toEqual({ kept: true });
    await open(0, 2);
    let waited = false;
    const late = open(1, 8, () => {
      waited = true;
    });
    await expect(
      Promise.race([late, new Promise((resolve) => setTimeout(resolve, 1_500, 'waits'))]),
    ).resolves.toBe('waits');
    expect(waited).toBe(true);
    await record(4);
    await late;
    expect(opened).toHaveLength(4);
  });
});
