import { createServer, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SqlServerEngine } from './engine/types.js';
import { Connection } from './tds/connection.js';

export interface TdsServerOptions {
  readonly engine: SqlServerEngine;
  readonly host: '127.0.0.1';
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM texts. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Name in the server's messages, as @@SERVERNAME. */
  readonly serverName: string;
  /** As SERVERPROPERTY('ProductVersion') has it; 16.0.4135.4 unless given. */
  readonly productVersion?: string;
  /** Bytes, for clients that leave the choice to the server; 4096 unless given. */
  readonly defaultPacketSize?: number;
  /** Hears of mistakes of the stand-in itself, which clients see as Msg 8624 without details. */
  readonly onInternalError?: (error: unknown) => void;
}

export interface TdsServer {
  readonly port: number;
  /** Breaks all connections and stops listening; the engine stays open. */
  close(): Promise<void>;
}

/** Starts a TDS 7.4 server in front of `engine`. Rejects when the port is taken or the certificate is no good. */
export async function startTdsServer(options: TdsServerOptions): Promise<TdsServer> {
  const [major = 0, minor = 0, build = 0] = (options.productVersion ?? '16.0.4135.4').split('.').map(Number);
  const connections = new Map<Socket, Connection>();
  const shared = {
    engine: options.engine,
    // The handshake inside PRELOGIN packets has no place for TLS 1.3's tickets after its end.
    secureContext: createSecureContext({ ...options.tls, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
    serverName: options.serverName,
    productVersion: [major, minor, build] as const,
    defaultPacketSize: options.defaultPacketSize ?? 4096,
    onInternalError: options.onInternalError ?? (() => undefined),
  };
  // A client that hangs up is hung up on once it is logged out.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.set(socket, new Connection(socket, shared));
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await Promise.all([...connections.values()].map((connection) => connection.close()));
      await closed;
    },
  };
}
