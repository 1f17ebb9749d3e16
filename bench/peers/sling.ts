import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { measureProcess } from '../measure.js';
import { installSling } from './install.js';
import type { Peer, PeerPlace } from './peer.js';

/** sling, a loader in Go: one stream a table, straight into the target table, which is what it does fastest. */
export async function startSling({ source, target, scratch }: PeerPlace): Promise<Peer> {
  const program = await installSling();
  mkdirSync(scratch, { recursive: true });
  const connections = ['--src-conn', sourceUrl(source), '--tgt-conn', targetUrl(target)];
  const env = {
    ...process.env,
    SLING_HOME_DIR: scratch,
    SLING_DISABLE_TELEMETRY: 'true',
    SLING_DIRECT_INSERT: 'true',
  };
  return {
    name: 'sling',
    copy: ({ definition }, into) =>
      measureProcess(() => {
        const stream = ['--src-stream', `dbo.${definition.name}`, '--tgt-object', into, '--mode', 'truncate'];
        return spawn(program, ['run', ...connections, ...stream], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      }),
    close: async () => undefined,
  };
}

function sourceUrl({ host, port, user, password, database, tls, caFile }: PeerPlace['source']): string {
  const security: Record<string, string> = tls
    ? { encrypt: 'true', certificate: caFile }
    : { encrypt: 'disable' };
  const options = new URLSearchParams({ database, 'packet size': '16383', ...security });
  return `sqlserver://${user}:${password}@${host}:${port}?${options}`;
}

function targetUrl({ host, port, user, password, database, tls, caFile }: PeerPlace['target']): string {
  const security: Record<string, string> = tls
    ? { sslmode: 'verify-full', sslrootcert: caFile }
    : { sslmode: 'disable' };
  return `postgresql://${user}:${password}@${host}:${port}/${database}?${new URLSearchParams(security)}`;
}
