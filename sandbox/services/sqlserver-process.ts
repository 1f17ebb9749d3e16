import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foundingServer } from '../seed/founding-servers.js';
import type { ServerDefinition } from '../sqlserver/engine/definition.js';
import { createEngine } from '../sqlserver/engine/engine.js';
import { startTdsServer } from '../sqlserver/server.js';
import { ensureCertificates } from './certificates.js';
import { sandboxPaths, sourceUser } from './paths.js';
import { logRefusals } from './refusal-log.js';
import { ensureSecrets } from './secrets.js';
import { readSettings, type SandboxSettings } from './settings.js';

/** Entry point of the process that serves both SQL Server stand-ins; SIGTERM and SIGINT stop it. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const servers = await Promise.all([serve('server01', settings), serve('server02', settings)]);
  const stop = async () => {
    await Promise.all(servers.map((server) => server.close()));
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

interface Served {
  close(): Promise<void>;
}

async function serve(name: 'server01' | 'server02', settings: SandboxSettings): Promise<Served> {
  const paths = sandboxPaths(settings.directory);
  const login = { user: sourceUser, password: ensureSecrets(paths.secrets).sourcePassword };
  const definition = foundingServer(name, { rows: settings.rows, login });
  const storage = storageFor(definition, join(paths.sqlserver, name));
  const engine = await createEngine({ ...definition, storage });
  const tls = await ensureCertificates(paths.tls);
  const server = await startTdsServer({
    engine: logRefusals(engine, (line) => console.error(name, line)),
    host: '127.0.0.1',
    port: settings.ports[name],
    tls: { key: readFileSync(tls.keyFile, 'utf8'), cert: readFileSync(tls.certFile, 'utf8') },
    serverName: name,
    onInternalError: (error) => console.error(name, error),
  });
  console.log(`${name} listens on localhost:${settings.ports[name]}`);
  return {
    close: async () => {
      await server.close();
      await engine.close();
    },
  };
}

/** Filled files are used again only for the very same definition; those of any other are removed. */
function storageFor(definition: ServerDefinition, directory: string): string {
  const wanted = createHash('sha256').update(JSON.stringify(definition.databases)).digest('hex').slice(0, 16);
  mkdirSync(directory, { recursive: true });
  for (const old of readdirSync(directory)) {
    if (old !== wanted) rmSync(join(directory, old), { recursive: true, force: true });
  }
  const storage = join(directory, wanted);
  mkdirSync(storage, { recursive: true });
  return storage;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
