import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { installJar, installPython } from '../../../sandbox/services/install-once.js';

const scripts = resolve(__dirname, '../../../deploy/glue');

/** Spark of the line that AWS Glue 5.0 has, on this machine. */
export interface Spark {
  /** Runs a script of deploy/glue; returns the status that it ends with. One at a time. */
  run(script: 'export.py' | 'transform.py', args: readonly string[]): Promise<number>;
  /** What Spark and the scripts have written to their logs so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a session, once for all jobs, as that takes ten seconds. `scratch` is for its files and its log. */
export async function startSpark(scratch: string): Promise<Spark> {
  const [pyspark, driver] = await Promise.all([
    installPython('pyspark', '3.5.9'),
    installJar('com.microsoft.sqlserver', 'mssql-jdbc', '12.10.1.jre11'),
  ]);
  mkdirSync(scratch, { recursive: true });
  const logFile = join(scratch, 'spark.log');
  const log = openSync(logFile, 'w');
  const options = { scripts, jars: [driver], scratch };
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    'python3',
    [join(__dirname, 'host.py'), JSON.stringify(options)],
    {
      env: { ...process.env, PYTHONPATH: pyspark, PYTHONDONTWRITEBYTECODE: '1', SPARK_LOCAL_IP: '127.0.0.1' },
      stdio: ['pipe', 'pipe', log],
    },
  );
  closeSync(log);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`Spark ended: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    return value;
  };
  await answer();
  return {
    run: async (script, args) => {
      child.stdin.write(`${JSON.stringify({ script, arguments: args })}\n`);
      return Number(await answer());
    },
    log: () => readFileSync(logFile, 'utf8'),
    stop: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.stdin.end();
      await ended;
    },
  };
}
