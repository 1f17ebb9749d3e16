import { randomUUID } from 'node:crypto';
import { link, open, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../errors.js';
import { systemCode } from './storage-error.js';

const waitMs = 30_000;
/** A holder on another host cannot be asked whether it lives; its work takes milliseconds. */
const foreignStaleMs = 20_000;

/**
 * Runs `work` while holding the lock file `path`; excludes other processes and this one. The lock of a process
 * that was killed is broken. Throws STORAGE_IO when the lock stays taken for 30 s.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path);
  try {
    return await work();
  } finally {
    await unlink(path);
  }
}

async function acquire(path: string): Promise<void> {
  // The lock appears with its content in one step, by link: a reader never sees a lock without an owner.
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, JSON.stringify({ host: hostname(), pid: process.pid, nonce: own }));
  try {
    const deadline = Date.now() + waitMs;
    while (!(await tryLink(own, path))) {
      if (Date.now() > deadline) {
        throw new MigrationError(
          'STORAGE_IO',
          `Lock ${path} stayed taken for ${waitMs / 1000} s; try again.`,
        );
      }
      await breakIfDead(path);
      await sleep(5 + Math.random() * 15);
    }
  } finally {
    await unlink(own);
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Only one process may break a given dead lock (the breaker's file is named by the lock's nonce), and it looks
 * again after it won that right: so nobody ever removes the lock of the next, living owner.
 */
async function breakIfDead(path: string): Promise<void> {
  const seen = await readOwner(path);
  if (!seen || !(await isDead(path, seen))) return;
  const breaker = `${seen.nonce}.break`;
  try {
    await (await open(breaker, 'wx')).close();
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw error;
  }
  try {
    if ((await readOwner(path))?.nonce === seen.nonce) await unlink(path);
  } finally {
    await unlink(breaker);
  }
}

interface Owner {
  readonly host: string;
  readonly pid: number;
  readonly nonce: string;
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isDead(path: string, owner: Owner): Promise<boolean> {
  if (owner.host !== hostname()) {
    const info = await stat(path).catch(() => undefined);
    return info !== undefined && Date.now() - info.mtimeMs > foreignStaleMs;
  }
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}
