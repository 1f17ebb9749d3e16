import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Message, PacketReader } from './packet.js';
import { TlsTunnel } from './tls-tunnel.js';

/** Packet size of the conversation before login; TLS handshake packets keep it (MS-TDS 2.2.3.1). */
const handshakePacketSize = 4096;

export interface TransportHandlers {
  onMessage(message: Message): void;
  /** The client has hung up, and waits for this side to do so. */
  onEnd(): void;
  /** The connection is over; called once. */
  onClose(): void;
}

/** One client's connection as messages in and bytes out, in clear or through TLS. */
export class Transport {
  readonly #socket: Socket;
  readonly #handlers: TransportHandlers;
  #reader = new PacketReader();
  #tunnel: TlsTunnel | undefined;
  #closed = false;

  constructor(socket: Socket, handlers: TransportHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (this.#tunnel === undefined) {
        this.#read(chunk);
      } else {
        this.#tunnel.receive(chunk);
      }
    });
    // The close that follows an error is all that matters: clients come and go.
    socket.on('error', () => undefined);
    socket.on('end', () => handlers.onEnd());
    socket.on('close', () => this.#onClose());
  }

  /** From now on the client speaks TLS. */
  startTls(secureContext: SecureContext): void {
    const tunnel = new TlsTunnel(this.#socket, secureContext, handshakePacketSize);
    tunnel.secured.on('data', (chunk: Buffer) => this.#read(chunk));
    tunnel.secured.on('error', () => this.destroy());
    this.#tunnel = tunnel;
  }

  /** Goes back to clear text, after the LOGIN7 message of a client that encrypts nothing else. */
  stopTls(): void {
    this.#tunnel?.abandon();
    this.#tunnel = undefined;
    this.#reader = new PacketReader();
  }

  /**
   * Sends bytes; resolves when the client's side has room for more, at once when `signal` aborts (the bytes
   * are sent all the same), and when the connection closes.
   */
  async write(bytes: Buffer, signal?: AbortSignal): Promise<void> {
    const stream = this.#tunnel?.secured ?? this.#socket;
    if (this.#closed || stream.destroyed || stream.write(bytes) || signal?.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      const settle = () => {
        stream.off('drain', settle);
        this.#socket.off('close', settle);
        signal?.removeEventListener('abort', settle);
        resolve();
      };
      stream.on('drain', settle);
      this.#socket.on('close', settle);
      signal?.addEventListener('abort', settle);
    });
  }

  /** Sends what is pending and closes. */
  end(): void {
    (this.#tunnel?.secured ?? this.#socket).end();
  }

  destroy(): void {
    this.#tunnel?.destroy();
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#closed) {
      return;
    }
    try {
      for (const message of this.#reader.push(chunk)) {
        this.#handlers.onMessage(message);
      }
    } catch {
      // Bytes that are no packets: there is no message to answer.
      this.destroy();
    }
  }

  #onClose(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#tunnel?.destroy();
      this.#handlers.onClose();
    }
  }
}
