import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServiceProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with the reason as text. */
  readonly ended: Promise<string>;
  /** Asks the process to end with `signal`, waits, and kills its group after `graceMs`. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

export interface ServiceOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Keeps `<name>.log` and `<name>.pid`. */
  readonly directory: string;
  readonly spawn?: SpawnOptions;
}

/**
 * Starts a long-running process in a process group of its own, so that Ctrl-C in a terminal reaches only the
 * parent, which then stops its services in order. Output goes to `<directory>/logs/<name>.log`.
 */
export function startService(options: ServiceOptions): ServiceProcess {
  const log = logFile(options.directory, options.name);
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a', 0o600);
  const child = spawn(options.command, options.args, {
    ...options.spawn,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = new Promise<string>((settle) => {
    child.once('exit', (code, signal) => settle(signal ? `signal ${signal}` : `exit code ${code}`));
    child.once('error', (error) => settle(error.message));
  });
  if (child.pid !== undefined) writePid(options.directory, options.name, child.pid);
  return { pid: child.pid ?? 0, ended, stop: (signal, graceMs) => stopChild(child, ended, signal, graceMs) };
}

export function logFile(directory: string, name: string): string {
  return join(directory, 'logs', `${name}.log`);
}

async function stopChild(
  child: ChildProcess,
  ended: Promise<string>,
  signal: NodeJS.Signals = 'SIGTERM',
  graceMs = 15_000,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = new AbortController();
  const late = sleep(graceMs, 'late', { signal: timer.signal }).catch(() => 'ended');
  if ((await Promise.race([ended, late])) === 'late') signalGroup(child.pid, 'SIGKILL');
  await ended;
  timer.abort();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group ended between the look and the signal.
  }
}

/** Whether a process runs. One that has ended and that nobody has waited for yet (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return statFields(pid)[0] !== 'Z';
  } catch {
    return false;
  }
}

/** The live process that an earlier start recorded under this name, if any. */
export function recordedPid(directory: string, name: string): number | undefined {
  const file = pidFile(directory, name);
  if (!existsSync(file)) return undefined;
  const [pid = '', started] = readFileSync(file, 'utf8').trim().split(' ');
  return started === startTime(Number(pid)) && isAlive(Number(pid)) ? Number(pid) : undefined;
}

/** Ends the process recorded under this name: `signal` first, SIGKILL to its group after `graceMs`. */
export async function stopRecorded(
  directory: string,
  name: string,
  signal: NodeJS.Signals = 'SIGTERM',
  graceMs = 15_000,
): Promise<boolean> {
  const pid = recordedPid(directory, name);
  if (pid !== undefined) {
    process.kill(pid, signal);
    const deadline = Date.now() + graceMs;
    while (isAlive(pid) && Date.now() < deadline) await sleep(50);
    if (isAlive(pid)) signalGroup(pid, 'SIGKILL');
  }
  rmSync(pidFile(directory, name), { force: true });
  return pid !== undefined;
}

function writePid(directory: string, name: string, pid: number): void {
  mkdirSync(join(directory, 'run'), { recursive: true });
  writeFileSync(pidFile(directory, name), `${pid} ${startTime(pid)}\n`);
}

function pidFile(directory: string, name: string): string {
  return join(directory, 'run', `${name}.pid`);
}

/** Start time in clock ticks (proc(5), field 22), so that a pid used again by a stranger is not taken for ours. */
function startTime(pid: number): string {
  return statFields(pid)[19] ?? '-';
}

/** Fields of /proc/<pid>/stat from the third on, which follow the name in parentheses; none without /proc. */
function statFields(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/**
 * Polls until `probe` answers true.
 * @throws Error naming the service when the time is up or the process ended before.
 */
export async function waitUntil(
  what: string,
  probe: () => Promise<boolean>,
  options: { readonly timeoutMs: number; readonly ended?: Promise<string>; readonly log?: string },
): Promise<void> {
  let failure: string | undefined;
  options.ended?.then((reason) => {
    failure = reason;
  });
  const hint = options.log ? ` Its log: ${options.log}` : '';
  const deadline = Date.now() + options.timeoutMs;
  while (!(await probe())) {
    if (failure) throw new Error(`${what} ended while starting (${failure}).${hint}`);
    if (Date.now() > deadline) {
      throw new Error(`${what} was not ready after ${options.timeoutMs / 1000} seconds.${hint}`);
    }
    await sleep(100);
  }
}
