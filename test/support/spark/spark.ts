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

/** Of an S3 server on this machine. Glue has clients of S3 and of Secrets Manager; here they come from elsewhere. */
export interface SparkOnS3 {
  readonly endpoint: string;
}

/**
 * Starts a session, once for all jobs, as that takes ten seconds. `scratch` is for its files and its log; with `s3`
 * addresses may begin with `s3://`, and the environment says who signs.
 */
export async function startSpark(scratch: string, s3?: SparkOnS3): Promise<Spark> {
  const [pyspark, driver, ...more] = await Promise.all([
    installPython('pyspark', '3.5.9'),
    installJar('com.microsoft.sqlserver', 'mssql-jdbc', '12.10.1.jre11'),
    ...(s3 === undefined ? [] : s3Jars()),
  ]);
  const modules = s3 === undefined ? [pyspark] : [pyspark, await installPython('moto', '5.2.5', 'server')];
  mkdirSync(scratch, { recursive: true });
  const logFile = join(scratch, 'spark.log');
  const log = openSync(logFile, 'w');
  const settings = s3 === undefined ? fileSettings : s3Settings(s3);
  const options = { scripts, jars: [driver, ...more], scratch, settings };
  const child = spawn('python3', [join(__dirname, 'host.py'), JSON.stringify(options)], {
    env: {
      ...process.env,
      PYTHONPATH: modules.join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
      SPARK_LOCAL_IP: '127.0.0.1',
      ...(s3 !== undefined && { AWS_ENDPOINT_URL: s3.endpoint }),
    },
    stdio: ['pipe', 'pipe', log],
    // By its type a file for one of the three might be a file for any.
  }) as ChildProcessByStdio<Writable, Readable, null>;
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

/** A bucket holds what a job has put there, and no checksum files of Hadoop's beside it. */
const fileSettings = { 'spark.hadoop.fs.file.impl': 'org.apache.hadoop.fs.RawLocalFileSystem' };

/** Hadoop's client of S3 of Spark's own Hadoop, and those parts of the AWS SDK that it loads. */
function s3Jars(): readonly Promise<string>[] {
  const sdk = ['core', 's3', 'kms', 'sts', 'dynamodb'].map((name) => `aws-java-sdk-${name}`);
  return [
    installJar('org.apache.hadoop', 'hadoop-aws', '3.3.4'),
    ...[...sdk, 'jmespath-java'].map((id) => installJar('com.amazonaws', id, '1.12.262')),
  ];
}

function s3Settings({ endpoint }: SparkOnS3): Readonly<Record<string, string>> {
  return {
    'spark.hadoop.fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'spark.hadoop.fs.s3a.endpoint': endpoint,
    'spark.hadoop.fs.s3a.path.style.access': 'true',
    'spark.hadoop.fs.s3a.aws.credentials.provider':
      'com.amazonaws.auth.EnvironmentVariableCredentialsProvider',
  };
}
