import type sql from 'mssql';
import type { Connection } from 'tedious';
import { sqlFile } from '../sql-files.js';
import { authenticationOf, type SourceLogin } from './authentication.js';
import { connectError, type SourcePlace, sourceError } from './errors.js';
import { OneConnectionPool } from './one-connection-pool.js';
import { MssqlSession, type SourceSession } from './session.js';

export type { SourceSession } from './session.js';

/** A database, and who logs in to it. */
export type SourceEndpoint = SourceLogin & SourceAddress;

interface SourceAddress {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** PEM of the certificate authorities to trust instead of Node's own list. */
  readonly ca?: string;
  /** Name expected in the certificate, where it is not `host`. */
  readonly serverName?: string;
  /** `migrate/<category>`, so that the source's administrators see who reads. */
  readonly applicationName: string;
  /** ApplicationIntent=ReadOnly: a listener routes to a readable secondary. */
  readonly readOnlyIntent?: boolean;
  /** Default 15,000. */
  readonly connectTimeoutMs?: number;
  /** Until the first byte of an answer; default 0, no limit: a checksum may honestly take long, a signal ends it. */
  readonly requestTimeoutMs?: number;
}

/** TLS cannot carry larger packets; fewer, larger packets cost less. */
const packetSize = 16_383;
const day = 86_400_000;

/**
 * Opens a session: one pool of exactly one connection, which ends with the session. TLS is required and verified.
 * @param signal ends the session at any time; what runs then rejects with its reason
 * @throws MigrationError SOURCE_UNREACHABLE, SOURCE_LOGIN, SOURCE_DATABASE, TLS_VERIFICATION
 */
export async function openSession(endpoint: SourceEndpoint, signal?: AbortSignal): Promise<SourceSession> {
  signal?.throwIfAborted();
  const place: SourcePlace = {
    alias: endpoint.alias,
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
  };
  const reported: number[] = [];
  const connections: Connection[] = [];
  const config = {
    ...poolConfig(endpoint),
    beforeConnect: (driverConnection: unknown) => {
      const connection = driverConnection as Connection;
      connection.on('errorMessage', (message) => reported.push(message.number));
      guardLogin(connection, place, signal);
      setUp(connection);
      connections.push(connection);
    },
  };
  const pool = new OneConnectionPool(config, () =>
    sourceError('SOURCE_CONNECTION', place, 'the session was lost; it is tried again'),
  );
  // Errors reach the request they belong to; without a listener they would end the process too.
  pool.on('error', () => undefined);
  try {
    const opening = pool.connect();
    await abortable(opening, signal, () => {
      for (const connection of connections) connection.close();
      void opening
        .catch(() => undefined)
        .then(() => pool.close())
        .catch(() => undefined);
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    for (const connection of connections) connection.close();
    throw connectError(error, place, reported);
  }
  return withSignal(new MssqlSession(place, pool, connections.at(-1) as Connection), signal);
}

function poolConfig(endpoint: SourceEndpoint): sql.config {
  return {
    server: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    authentication: authenticationOf(endpoint),
    validateConnection: 'socket',
    pool: { min: 1, max: 1, idleTimeoutMillis: day },
    options: {
      encrypt: true,
      trustServerCertificate: false,
      cryptoCredentialsDetails: endpoint.ca === undefined ? {} : { ca: endpoint.ca },
      ...(endpoint.serverName === undefined ? {} : { serverName: endpoint.serverName }),
      appName: endpoint.applicationName,
      readOnlyIntent: endpoint.readOnlyIntent ?? false,
      packetSize,
      useUTC: true,
      connectTimeout: endpoint.connectTimeoutMs ?? 15_000,
      requestTimeout: endpoint.requestTimeoutMs ?? 0,
      // One retry policy, the workflow's.
      maxRetriesOnTransientErrors: 0,
    },
  };
}

/**
 * Guards the one place where tedious sends the password; a contract test holds it. It logs in without encryption when a
 * server (or somebody in between) says that it has none, `encrypt: true` notwithstanding. And a `close()` that comes before
 * its socket is there ends nothing: it goes on connecting, and would log in to a session that nobody knows of. Each socket
 * has to be secured: a server may route to another one.
 */
function guardLogin(connection: Connection, place: SourcePlace, signal: AbortSignal | undefined): void {
  let secure = false;
  connection.on('secure', () => {
    secure = true;
  });
  const driver = connection as unknown as { sendLogin7Packet(): void };
  const send = driver.sendLogin7Packet.bind(connection);
  driver.sendLogin7Packet = () => {
    // What is thrown here destroys the socket.
    signal?.throwIfAborted();
    if (!secure) {
      throw sourceError(
        'TLS_VERIFICATION',
        place,
        'the server offers no encryption, so no password was sent. Give it a certificate that MSSQL_CA_FILE trusts',
      );
    }
    secure = false;
    send();
  };
}

/** The driver's own settings go to the server as the first batch of a session; ours go with them. */
function setUp(connection: Connection): void {
  const driver = connection as unknown as { getInitialSql(): string };
  const initial = driver.getInitialSql.bind(connection);
  driver.getInitialSql = () => `${initial()}\n${sqlFile('sqlserver/session.sql')}`;
}

/** `work`, or the signal's reason as soon as it aborts; then `giveUp` runs. */
async function abortable(
  work: Promise<unknown>,
  signal: AbortSignal | undefined,
  giveUp: () => void,
): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      giveUp();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function withSignal(session: MssqlSession, signal: AbortSignal | undefined): SourceSession {
  if (signal === undefined) return session;
  const onAbort = (): void => session.cancel(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const close = session.close.bind(session);
  session.close = async () => {
    signal.removeEventListener('abort', onAbort);
    await close();
  };
  return session;
}
