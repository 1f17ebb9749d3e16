import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../sandbox/services/ports.js';

export interface S3Server {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const modules = join(process.cwd(), '.cache', 'moto');

/** Starts moto's S3 on a free port; installs it into the project's cache folder the first time. */
export async function startS3Server(): Promise<S3Server> {
  await install();
  const port = await freePort();
  const server = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, PYTHONPATH: modules },
    stdio: 'ignore',
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilReady(server, endpoint);
  return {
    endpoint,
    stop: async () => {
      server.kill();
      await once(server, 'exit');
    },
  };
}

async function install(): Promise<void> {
  const installed = await access(join(modules, 'moto', 'server.py')).then(
    () => true,
    () => false,
  );
  if (installed) return;
  await promisify(execFile)('python3', ['-m', 'pip', 'install', '-q', '--target', modules, 'moto[server]']);
}

async function untilReady(server: ChildProcess, endpoint: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (server.exitCode !== null) throw new Error(`The S3 server ended with exit code ${server.exitCode}.`);
    const ready = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (ready) return;
    await sleep(100);
  }
  server.kill();
  throw new Error('The S3 server did not answer within 30 s.');
}
