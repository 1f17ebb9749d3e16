import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foundingServer } from '../../../../sandbox/seed/founding-servers';
import { ensureCertificates } from '../../../../sandbox/services/certificates';
import { createEngine } from '../../../../sandbox/sqlserver/engine/engine';
import { startTdsServer } from '../../../../sandbox/sqlserver/server';

/** A stand-in in a process of its own: tells its port, then its resident bytes ten times a second. */
async function main(): Promise<void> {
  const [rows, user, password] = process.argv.slice(2) as [string, string, string];
  const folder = mkdtempSync(join(tmpdir(), 'tds-'));
  const files = await ensureCertificates(folder);
  const engine = await createEngine(
    foundingServer('server01', { rows: Number(rows), login: { user, password } }),
  );
  const server = await startTdsServer({
    engine,
    host: '127.0.0.1',
    port: 0,
    tls: { key: readFileSync(files.keyFile, 'utf8'), cert: readFileSync(files.certFile, 'utf8') },
    serverName: 'server01',
  });
  rmSync(folder, { recursive: true });
  process.send?.({ port: server.port });
  setInterval(() => process.send?.({ rss: process.memoryUsage().rss }), 100);
  process.once('disconnect', () => process.exit());
}

void main();
