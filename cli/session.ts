import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { type Environment, loadTargetEnvironment, loadTemporalEnvironment } from '../config/environment.js';
import { targetLogin } from '../config/target-environment.js';
import { createTarget, type Target } from '../engine/postgres/connection.js';
import type { Exit } from './exit-codes.js';
import { connectTemporal } from './temporal.js';

export type Terminal = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The outside of one invocation: a terminal, and who may interrupt a view. */
export interface Io {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Runs `work` with a signal that Ctrl-C aborts, instead of ending the process. */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface Common {
  readonly json?: true;
  readonly explain?: true;
}

export interface Task {
  /** Shell commands that do the same without this one. */
  readonly explain: (temporal: Environment['temporal']) => readonly string[];
  readonly run: () => Promise<Exit>;
}

/** What the commands of one invocation share: output, connections that are opened on first use, the exit code. */
export class Session {
  exit: Exit = 'done';
  #client: Promise<Client> | undefined;
  #target: Promise<Target> | undefined;

  constructor(readonly io: Io) {}

  /** Does a task, or under `--explain` only says what it would do. */
  async perform(options: Common, task: Task): Promise<void> {
    if (options.explain)
      for (const line of task.explain(loadTemporalEnvironment())) await this.write(`${line}\n`);
    else this.exit = await task.run();
  }

  /** One document with `--json`, else lines for people. */
  async show(options: Common, document: unknown, lines: () => readonly string[]): Promise<void> {
    const text = options.json ? [JSON.stringify(document, null, 2)] : lines();
    await this.write(text.map((line) => `${line}\n`).join(''));
  }

  /** Waits where the reader is slow: lists may be long. */
  async write(text: string): Promise<void> {
    if (text !== '' && !this.io.stdout.write(text)) await once(this.io.stdout, 'drain');
  }

  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  client(): Promise<Client> {
    this.#client ??= connectTemporal(loadTemporalEnvironment());
    return this.#client;
  }

  target(): Promise<Target> {
    this.#target ??= openTarget(loadTargetEnvironment());
    return this.#target;
  }

  /** Temporal's channel stays open: a call that the client would repeat once more on a closed one ends the process. */
  async close(): Promise<void> {
    await this.#target?.then((target) => target.close()).catch(() => undefined);
  }
}

async function openTarget(endpoint: Environment['target']): Promise<Target> {
  const { host, port, database, caFile } = endpoint;
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  return createTarget({
    ...{ host, port, database, maxConnections: 1 },
    ...targetLogin(endpoint),
    ...(ca !== undefined && { ca }),
  });
}
