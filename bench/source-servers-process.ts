import { readFileSync } from 'node:fs';
import { foundingDatabase } from '../sandbox/seed/founding-servers.js';
import { ensureCertificates } from '../sandbox/services/certificates.js';
import { sandboxPaths, sourceUser } from '../sandbox/services/paths.js';
import { logRefusals } from '../sandbox/services/refusal-log.js';
import { ensureSecrets } from '../sandbox/services/secrets.js';
import { createEngine } from '../sandbox/sqlserver/engine/engine.js';
import { startTdsServer } from '../sandbox/sqlserver/server.js';
import { type ListeningServer, requested } from './source-servers.js';

/** Entry point of one process that stands in for many SQL Servers, each with the founding tables and no row. */
async function main(): Promise<void> {
  const { directory, servers } = requested(process.env);
  for (const server of servers) await serve(server, directory);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
  console.log('all listen');
}

async function serve({ name, port, databases }: ListeningServer, directory: string): Promise<void> {
  const paths = sandboxPaths(directory);
  const tls = await ensureCertificates(paths.tls);
  const engine = await createEngine({
    name,
    logins: [{ user: sourceUser, password: ensureSecrets(paths.secrets).sourcePassword }],
    databases: databases.map((database) =>
      foundingDatabase({ name: database, idPrefix: database, rows: 0, text: 'varchar', time: 'datetime2' }),
    ),
  });
  await startTdsServer({
    engine: logRefusals(engine, (line) => console.error(name, line)),
    host: '127.0.0.1',
    port,
    tls: { key: readFileSync(tls.keyFile, 'utf8'), cert: readFileSync(tls.certFile, 'utf8') },
    serverName: name,
    onInternalError: (error) => console.error(name, error),
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
