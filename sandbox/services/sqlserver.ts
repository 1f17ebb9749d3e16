import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { logFile, startService, waitUntil } from './process.js';
import { type SandboxSettings, settingsEnvironment } from './settings.js';

export interface SqlServers {
  readonly pid: number;
  /** `host:port` by server name. */
  readonly addresses: Readonly<Record<'server01' | 'server02', string>>;
  stop(): Promise<void>;
}

/**
 * Starts both SQL Server stand-ins in one process of their own, fills their databases on first use, and waits
 * until they take connections.
 * @throws Error with the path of their log when they do not come up.
 */
export async function startSqlServers(settings: SandboxSettings): Promise<SqlServers> {
  const { directory, ports, rows } = settings;
  const service = startService({
    name: 'sqlserver',
    command: process.execPath,
    args: ['--import', 'tsx', join(__dirname, 'sqlserver-process.ts')],
    directory,
    spawn: { cwd: resolve(__dirname, '../..'), env: { ...process.env, ...settingsEnvironment(settings) } },
  });
  const bothAnswer = async () => (await accepts(ports.server01)) && (await accepts(ports.server02));
  await waitUntil('The SQL Server stand-in', bothAnswer, {
    timeoutMs: 60_000 + rows / 10,
    ended: service.ended,
    log: logFile(directory, 'sqlserver'),
  }).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  return {
    pid: service.pid,
    addresses: { server01: `localhost:${ports.server01}`, server02: `localhost:${ports.server02}` },
    stop: () => service.stop(),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (open: boolean) => {
      socket.destroy();
      settle(open);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
