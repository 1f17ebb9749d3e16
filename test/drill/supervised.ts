import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessSpec {
  /** Of the directory that the command runs in. */
  readonly cwd: string;
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What it prints once it takes work. */
  readonly ready: string;
}

const restartAfterMs = 500;
const startWithinMs = 180_000;
const outputKept = 4_000;
const running = new Set<ChildProcess>();
// A drill that is broken off must not leave workers behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that is started again whenever it ends, as systemd or ECS would, until it is told to stay down. */
export class Supervised {
  readonly #spec: ProcessSpec;
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('never started');
  #ready = false;
  #stayDown = true;
  #output = '';

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The end of what it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Starts it where it is down; resolves when it takes work. */
  async up(): Promise<void> {
    this.#stayDown = false;
    if (this.#child === undefined) this.#start();
    const deadline = Date.now() + startWithinMs;
    while (!this.#ready) {
      if (Date.now() > deadline) throw new Error(`${this.#spec.script} does not start: ${this.#output}`);
      await sleep(20);
    }
  }

  /** Ends it and leaves it down; resolves with how it ended. */
  down(signal: NodeJS.Signals): Promise<string> {
    const death = this.dies();
    this.#child?.kill(signal);
    return death;
  }

  /** Resolves with how it ends the next time, after which it stays down. */
  dies(): Promise<string> {
    this.#stayDown = true;
    return this.#ended;
  }

  /** Resolves when the process has understood, or is gone. */
  async send(message: object): Promise<void> {
    const understood = this.says('understood');
    // A channel that has just closed says so to this callback; the process's end is awaited all the same.
    this.#child?.send(message, () => undefined);
    await Promise.race([understood, this.#ended]);
  }

  /** Resolves when it says `word` the next time. */
  says(word: string): Promise<void> {
    return new Promise((resolve) => {
      const child = this.#child;
      child?.on('message', function listen(said) {
        if (said !== word) return;
        child.off('message', listen);
        resolve();
      });
    });
  }

  #start(): void {
    const { cwd, script, environment, ready } = this.#spec;
    const child = spawn(process.execPath, ['--import', 'tsx', script], {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-outputKept);
        if (text.includes(ready)) this.#ready = true;
      });
    this.#ended = new Promise((resolve) => {
      child.once('close', async (code, signal) => {
        running.delete(child);
        this.#child = undefined;
        this.#ready = false;
        resolve(signal ?? `exit code ${code}`);
        await sleep(restartAfterMs);
        if (!this.#stayDown && this.#child === undefined) this.#start();
      });
    });
  }
}
