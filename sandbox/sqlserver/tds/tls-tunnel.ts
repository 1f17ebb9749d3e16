import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { framePackets, PacketReader, packetType } from './packet.js';

/**
 * TLS as TDS 7.4 does it (MS-TDS 3.3.5.2): the handshake travels in the payloads of PRELOGIN packets, and what
 * follows it as bare TLS records. `receive` takes what the socket brings; decrypted bytes come out of
 * `secured`, and what is written there goes out encrypted.
 */
export class TlsTunnel {
  readonly secured: TLSSocket;
  readonly #socket: Socket;
  readonly #wire: Duplex;
  readonly #handshake = new PacketReader();
  readonly #packetSize: number;
  #flight: Buffer[] = [];
  #wrapped = true;
  #closed = false;

  constructor(socket: Socket, secureContext: SecureContext, packetSize: number) {
    this.#socket = socket;
    this.#packetSize = packetSize;
    this.#wire = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => this.#send(chunk, done),
      writev: (chunks, done) => this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
      final: (done) => {
        if (!this.#closed) {
          this.#socket.end();
        }
        done();
      },
    });
    this.secured = new TLSSocket(this.#wire, { isServer: true, secureContext });
  }

  /** Bytes from the socket: PRELOGIN packets during the handshake, TLS records after it. */
  receive(chunk: Buffer): void {
    if (this.#wrapped && this.#handshake.rest.length === 0 && chunk[0] !== packetType.prelogin) {
      // A client goes over to bare records only when it has our last flight, so that is out already.
      this.#wrapped = false;
    }
    if (!this.#wrapped) {
      this.#wire.push(chunk);
      return;
    }
    for (const message of this.#handshake.push(chunk)) {
      this.#wire.push(message.data);
    }
  }

  /** Ends the use of TLS without a word to the peer: after a login-only handshake the socket goes on in clear. */
  abandon(): void {
    this.#closed = true;
    this.secured.removeAllListeners('data');
    this.secured.pause();
  }

  destroy(): void {
    this.#closed = true;
    this.secured.destroy();
  }

  #send(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#closed || this.#socket.destroyed) {
      done();
      return;
    }
    if (!this.#wrapped) {
      this.#socket.write(chunk, (error) => done(error ?? null));
      return;
    }
    // Clients answer message by message, so one flight of the handshake has to be one message.
    if (this.#flight.push(chunk) === 1) {
      setImmediate(() => this.#sendFlight());
    }
    done();
  }

  #sendFlight(): void {
    const flight = Buffer.concat(this.#flight);
    this.#flight = [];
    if (!this.#closed && !this.#socket.destroyed) {
      this.#socket.write(framePackets(packetType.prelogin, flight, this.#packetSize, 1, true).packets);
    }
  }
}
