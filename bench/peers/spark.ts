import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { installPostgresDriver, installSpark, installSqlServerDriver } from '../../sandbox/services/spark.js';
import { foundingJoin } from '../founding-join.js';
import { type Figures, measureProcess, measureWithin } from '../measure.js';
import { type BenchTable, days, timeColumn } from '../tables.js';
import { conninfo } from '../target.js';
import type { Peer, PeerPlace } from './peer.js';

/**
 * Spark on this machine, as the founding case has it in AWS Glue: see spark.py. Its session is started once and warm,
 * which each job of the founding case pays for anew: `startSparkJobs`.
 */
export async function startSpark(place: PeerPlace): Promise<Peer> {
  const session = new Session(await prepare(place));
  return {
    ...peerOf('Spark', place, (job) => measureWithin(session.pid, () => session.run(job))),
    close: () => session.close(),
  };
}

/** The same with a process, a JVM and a session of its own for each job, as AWS Glue has it: within the figures. */
export async function startSparkJobs(place: PeerPlace): Promise<Peer> {
  const command = await prepare(place);
  const run = async (job: SparkJob): Promise<Figures> => {
    const session = new Session(command);
    try {
      // Not to the end of the process: it leaves its JVM behind to end by itself, whose CPU time would then be nobody's.
      return await measureWithin(session.pid, () => session.run(job));
    } finally {
      await session.close();
    }
  };
  return { ...peerOf('Spark, begun anew', place, run), close: async () => {} };
}

/** One line that spark.py reads. */
interface SparkJob {
  readonly read: readonly ReturnType<typeof viewOf>[];
  readonly sql: string;
  readonly csv: string;
}

/** How spark.py is begun. */
interface SessionCommand {
  readonly pyspark: string;
  readonly options: { readonly jars: readonly string[]; readonly scratch: string; readonly source: string };
}

async function prepare({ source, scratch }: PeerPlace): Promise<SessionCommand> {
  const [pyspark, ...jars] = await Promise.all([
    installSpark(),
    installSqlServerDriver(),
    installPostgresDriver(),
  ]);
  mkdirSync(scratch, { recursive: true });
  return { pyspark, options: { jars, scratch, source: sourceUrl(source) } };
}

function startSession({ pyspark, options }: SessionCommand): ChildProcessByStdio<Writable, Readable, null> {
  return spawn('python3', [join(__dirname, 'spark.py'), JSON.stringify(options)], {
    env: { ...process.env, PYTHONPATH: pyspark, SPARK_LOCAL_IP: '127.0.0.1' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** What both have in common: a job that leaves CSV files, and COPY, which loads them. */
function peerOf(
  name: string,
  { target, scratch }: PeerPlace,
  run: (job: SparkJob) => Promise<Figures>,
): Required<Pick<Peer, 'name' | 'copy' | 'join'>> {
  const csv = join(scratch, 'csv');
  const job = async (tables: readonly BenchTable[], sql: string, into: string): Promise<Figures> => {
    const made = await run({ read: tables.map(viewOf), sql, csv });
    const loaded = await measureProcess(() => load(target, csv, into));
    return {
      seconds: made.seconds + loaded.seconds,
      cpuSeconds: made.cpuSeconds + loaded.cpuSeconds,
      rssMb: Math.max(made.rssMb, loaded.rssMb),
    };
  };
  return {
    name,
    copy: (table, into) => job([table], `SELECT * FROM ${table.definition.name}`, into),
    join: ({ cell, device }, into) => job([cell, device], foundingJoin(), into),
  };
}

/** Jobs as lines of JSON, an answer to each. */
class Session {
  readonly #child: ReturnType<typeof startSession>;
  readonly #answers: AsyncIterator<string>;

  constructor(command: SessionCommand) {
    this.#child = startSession(command);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async run(job: SparkJob): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    const { value } = await this.#answers.next();
    if (value !== 'done') throw new Error(`The Spark session ended: ${value ?? 'no answer'}`);
  }

  async close(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.stdin.end();
    await ended;
  }
}

/** A table read in four partitions: of the time column, as the founding case has it, or else of its key. */
function viewOf({ definition, rows }: BenchTable) {
  const time = definition.columns.some(({ name }) => name === timeColumn);
  const last = new Date(Date.parse(days.first) + days.count * 86_400_000).toISOString().slice(0, 10);
  return {
    name: `dbo.${definition.name}`,
    view: definition.name,
    ...(time
      ? { partitionColumn: timeColumn, lower: days.first, upper: last }
      : { partitionColumn: 'id', lower: 0, upper: rows }),
  };
}

function load(target: PeerPlace['target'], csv: string, into: string): ChildProcess {
  const command = `\\copy ${into} FROM PROGRAM 'cat ${csv}/part-*.csv' WITH (FORMAT csv)`;
  const args = ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', conninfo(target), '--command', command];
  const env = { ...process.env, PGPASSWORD: target.password };
  return spawn('psql', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

function sourceUrl({ host, port, user, password, database, tls }: PeerPlace['source']): string {
  // Its trust store would be one more file; the bytes on the wire are the same.
  const security = `encrypt=${tls};trustServerCertificate=true`;
  return `jdbc:sqlserver://${host}:${port};databaseName=${database};user=${user};password=${password};packetSize=16000;${security}`;
}
