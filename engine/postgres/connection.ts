import { checkServerIdentity } from 'node:tls';
import type { ClientBase, PoolClient, PoolConfig, QueryResult, QueryResultRow } from 'pg';
import { MigrationError } from '../errors.js';
import { toTargetError } from './errors.js';
import { Lender } from './lender.js';

export interface TargetEndpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /**
   * Text, or a function that is asked for each new connection (a token that expires). With a password that was
   * `refused`, it looks whether there is another one by now.
   */
  readonly password: string | ((refused?: string) => Promise<string>);
  /** What to check where the server refuses the login; by default user and password. */
  readonly loginAdvice?: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string;
  /** On unless set to false: encrypted, chain verified, host name checked. */
  readonly tls?: boolean;
  /** 4 unless given. */
  readonly maxConnections?: number;
  /** How long `query` waits for its answer; 5 minutes unless given. */
  readonly answerWithinMs?: number;
  /** How long a login may take, and as long again what is set after it; 15 seconds unless given. */
  readonly connectWithinMs?: number;
}

/** What a single statement needs: a Target, or a client inside its transaction. */
export interface Queryable {
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<R>>;
}

export type TargetClient = PoolClient;

/** A small pool on one database. Every failure leaves it as a MigrationError out of `errors.ts`. */
export interface Target extends Queryable {
  /**
   * For a statement that is short. Without an answer within five minutes the connection is taken for dead and closed
   * (TARGET_CONNECTION): the system would wait three times as long for what a vanished host never acknowledges.
   */
  query: Queryable['query'];
  /** `host:port/database`, for messages. */
  readonly address: string;
  /** Lends a connection. When `signal` aborts, its socket is closed at once and `signal.reason` is thrown. */
  withClient<T>(work: (client: TargetClient) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** `work` between BEGIN and COMMIT; any error rolls back. Aborts as `withClient`. */
  transaction<T>(work: (client: TargetClient) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/**
 * Text forms of dates must not depend on the server's settings, and a backend whose client is gone must stop
 * by itself instead of finishing its statement: within a second where the socket closed, within a minute where
 * the client's machine is gone.
 */
const sessionSettings = `
  SET datestyle TO 'ISO, YMD';
  SET intervalstyle TO 'postgres';
  SET standard_conforming_strings TO on;
  SET client_encoding TO 'UTF8';
  SET client_connection_check_interval TO '1s';
  SET tcp_keepalives_idle TO 30;
  SET tcp_keepalives_interval TO 10;
  SET tcp_keepalives_count TO 3;
  SET idle_in_transaction_session_timeout TO 0`;

/** Opens nothing yet: the first use connects. */
export function createTarget(endpoint: TargetEndpoint): Target {
  const address = `${endpoint.host}:${endpoint.port}/${endpoint.database}`;
  const { user, loginAdvice } = endpoint;
  const context = { address, user, ...(loginAdvice !== undefined && { loginAdvice }) };
  const failure = (error: unknown) => toTargetError(error, context);
  const lender = new Lender(poolConfig(endpoint), endpoint.password, failure);

  async function withClient<T>(work: (client: TargetClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const client = await lender.lend();
    let broken = false;
    const onError = () => {
      broken = true;
    };
    const onAbort = () => closeSocket(client);
    client.on('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      return await work(client);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const failed = failure(error);
      if (failed instanceof MigrationError && failed.code === 'TARGET_READ_ONLY') {
        broken = true;
        lender.demoted();
      }
      throw failed;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      client.off('error', onError);
      client.release(broken || signal?.aborted === true);
    }
  }

  async function transaction<T>(
    work: (client: TargetClient) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return withClient(async (client) => {
      await client.query('BEGIN');
      try {
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // Where the connection is gone the server rolls back; the first error is the one to tell.
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    }, signal);
  }

  async function query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<R>> {
    const silence = new AbortController();
    const giveUp = () =>
      silence.abort(
        new MigrationError(
          'TARGET_CONNECTION',
          `PostgreSQL at ${address}: no answer came in time; the connection is given up and it is tried again.`,
        ),
      );
    const timer = setTimeout(giveUp, endpoint.answerWithinMs ?? 300_000);
    try {
      return await withClient((client) => client.query<R>(text, values), silence.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    address,
    withClient,
    transaction,
    query,
    close: () => lender.close(),
  };
}

function poolConfig(endpoint: TargetEndpoint): PoolConfig {
  const connectWithinMs = endpoint.connectWithinMs ?? 15_000;
  return {
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    max: endpoint.maxConnections ?? 4,
    application_name: 'migrate',
    connectionTimeoutMillis: connectWithinMs,
    idleTimeoutMillis: 10_000,
    keepAlive: true,
    // The system's own delay is two hours.
    keepAliveInitialDelayMillis: 30_000,
    // The pool's own time ends with the login.
    onConnect: async (client) => {
      const timer = setTimeout(() => closeSocket(client), connectWithinMs);
      await client.query(sessionSettings).finally(() => clearTimeout(timer));
    },
    ssl:
      endpoint.tls === false
        ? false
        : {
            rejectUnauthorized: true,
            ...(endpoint.ca !== undefined && { ca: endpoint.ca }),
            // Node would compare the certificate of a server given by address with 'localhost'.
            checkServerIdentity: (_name, certificate) => checkServerIdentity(endpoint.host, certificate),
          },
  };
}

/** pg has no abort: closing the socket is what ends a COPY or a statement without waiting for the server. */
function closeSocket(client: ClientBase): void {
  const { connection } = client as unknown as {
    readonly connection: { readonly stream: { destroy(): void } };
  };
  connection.stream.destroy();
}
