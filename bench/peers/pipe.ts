import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foundingJoin } from '../founding-join.js';
import { measureProcess } from '../measure.js';
import { conninfo } from '../target.js';
import { installFreebcp } from './install.js';
import type { Peer, PeerPlace } from './peer.js';

const script = join(__dirname, 'pipe.sh');

/** FreeTDS's freebcp piped into psql's \copy: C from end to end. Its join is PostgreSQL's own, after both copies. */
export async function startPipe({ source, target, scratch }: PeerPlace): Promise<Peer> {
  const { program, libraries } = await installFreebcp();
  mkdirSync(scratch, { recursive: true });
  const settings = join(scratch, 'freetds.conf');
  writeFileSync(settings, freetdsSettings(source));
  const env = {
    ...process.env,
    FREETDSCONF: settings,
    FREETDS_LIBRARIES: libraries,
    FREEBCP: program,
    SOURCE_DATABASE: source.database,
    SOURCE_USER: source.user,
    SOURCE_PASSWORD: source.password,
    // The most that TLS carries, and that a server gives.
    PACKET_SIZE: source.tls ? '16383' : '32767',
    TARGET: conninfo(target),
    PGPASSWORD: target.password,
  };
  const run = (...args: readonly string[]) =>
    measureProcess(() => spawn(script, args, { env, stdio: ['ignore', 'ignore', 'pipe'] }));
  return {
    name: 'freebcp | psql',
    copy: ({ definition }, into) => run(`dbo.${definition.name}`, into),
    join({ cell, device }, into) {
      const copies = [cell, device].map(({ definition: { name } }) => [`dbo.${name}`, `peers.${name}`]);
      const statement = `SET search_path = peers; INSERT INTO ${into} ${foundingJoin()}`;
      return run(...copies.flat(), statement);
    },
    close: async () => undefined,
  };
}

function freetdsSettings({ host, port, tls, caFile }: PeerPlace['source']): string {
  const security = tls ? ['encryption = require', `ca file = ${caFile}`] : ['encryption = off'];
  const lines = [
    `host = ${host}`,
    `port = ${port}`,
    'tds version = 7.4',
    'client charset = UTF-8',
    ...security,
  ];
  return `[bench]\n${lines.map((line) => `\t${line}\n`).join('')}`;
}
