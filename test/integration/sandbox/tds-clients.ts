import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPython } from '../../../sandbox/services/install-once.js';
import { installSqlServerDriver } from '../../../sandbox/services/spark.js';

const run = promisify(execFile);

/** Installs pymssql (FreeTDS inside) and Microsoft's JDBC driver into the project's cache, once. */
export async function installClients(): Promise<void> {
  await Promise.all([installPymssql(), installSqlServerDriver()]);
}

function installPymssql(): Promise<string> {
  return installPython('pymssql', '2.4.6');
}

/** One answer of a probe: what a statement gave, or its error. */
export interface Answer {
  readonly types?: readonly string[];
  readonly rows?: readonly (readonly (string | null)[])[];
  readonly updated?: number;
  readonly count?: number;
  readonly cancelled?: boolean;
  readonly ms?: number;
  readonly error?: number;
  readonly message?: string;
}

export interface Target {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Statements through Microsoft's JDBC driver. `trustStore` is a PKCS#12 file of authorities: with it everything
 * is encrypted and the certificate verified; without it only the login is encrypted.
 */
export async function jdbc(
  target: Target,
  statements: readonly string[],
  trustStore?: string,
): Promise<Answer[]> {
  const security =
    trustStore === undefined
      ? 'encrypt=false;trustServerCertificate=true'
      : `encrypt=true;trustServerCertificate=false;trustStore=${trustStore};trustStorePassword=changeit;trustStoreType=PKCS12`;
  const url = `jdbc:sqlserver://localhost:${target.port};databaseName=${target.database};loginTimeout=20;${security}`;
  const lines = [url, target.user, target.password, ...statements];
  return converse(
    'java',
    ['-cp', await installSqlServerDriver(), join(__dirname, 'clients', 'Probe.java')],
    lines,
  );
}

/** Makes a trust store for `jdbc` out of a PEM file. */
export async function makeTrustStore(caFile: string, trustStore: string): Promise<void> {
  const options = ['-alias', 'ca', '-file', caFile, '-keystore', trustStore, '-storepass', 'changeit'];
  await run('keytool', ['-importcert', '-noprompt', '-storetype', 'PKCS12', ...options]);
}

/** Statements through pymssql; everything is encrypted with 'require', the login only with 'request'. */
export async function pymssql(
  target: Target,
  statements: readonly string[],
  encryption: 'require' | 'request' | 'off',
): Promise<Answer[]> {
  const { port, user, password, database } = target;
  const login = { server: '127.0.0.1', port, user, password, database, encryption, autocommit: true };
  return converse(
    'python3',
    [join(__dirname, 'clients', 'probe.py'), await installPymssql()],
    [JSON.stringify(login), ...statements],
  );
}

function converse(command: string, args: readonly string[], lines: readonly string[]): Promise<Answer[]> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (code !== 0) {
        fail(new Error(`${command} ended with ${code}: ${errors}`));
        return;
      }
      done(
        output
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Answer),
      );
    });
    child.stdin.end(`${lines.join('\n')}\n`);
  });
}
