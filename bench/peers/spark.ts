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
 * which each job of the founding case would pay for anew: that time is no part of the figures.
 */
export async function startSpark({ source, target, scratch }: PeerPlace): Promise<Peer> {
  const [pyspark, ...jars] = await Promise.all([
    installSpark(),
    installSqlServerDriver(),
    installPostgresDriver(),
  ]);
  mkdirSync(scratch, { recursive: true });
  const options = { jars, scratch, source: sourceUrl(source) };
  const child = spawn('python3', [join(__dirname, 'spark.py'), JSON.stringify(options)], {
    env: { ...process.env, PYTHONPATH: pyspark, SPARK_LOCAL_IP: '127.0.0.1' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const session = new Session(child);
  const csv = join(scratch, 'csv');
  const job = async (tables: readonly BenchTable[], sql: string, into: string): Promise<Figures> => {
    const made = await measureWithin(session.pid, () => session.run({ read: tables.map(viewOf), sql, csv }));
    const loaded = await measureProcess(() => load(target, csv, into));
    return {
      seconds: made.seconds + loaded.seconds,
      cpuSeconds: made.cpuSeconds + loaded.cpuSeconds,
      rssMb: Math.max(made.rssMb, loaded.rssMb),
    };
  };
  return {
    name: 'Spark',
    copy: (table, into) => job([table], `SELECT * FROM ${table.definition.name}`, into),
    join: ({ cell, device }, into) => job([cell, device], foundingJoin(), into),
    close: () => session.close(),
  };
}

/** Jobs as lines of JSON, an answer to each. */
class Session {
  readonly #answers: AsyncIterator<string>;

  constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async run(job: object): Promise<void> {
    this.child.stdin.write(`${JSON.stringify(job)}\n`);
    const { value } = await this.#answers.next();
    if (value !== 'done') throw new Error(`The Spark session ended: ${value ?? 'no answer'}`);
  }

  async close(): Promise<void> {
    const ended = this.child.exitCode === null ? once(this.child, 'exit') : undefined;
    this.child.stdin.end();
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
