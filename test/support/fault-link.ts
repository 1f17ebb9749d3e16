import { connect, type Socket } from 'node:net';

export type Direction = 'toServer' | 'toClient';

/** Strikes at one byte of one stream. */
export interface Trigger {
  readonly direction: Direction;
  /** Texts that must have passed before, one after another. */
  readonly after: readonly string[];
  readonly afterBytes: number;
  /** The byte is passed on with this bit flipped; absent: what comes before it is passed on, and then it strikes. */
  readonly flipBit?: number;
  readonly strike: () => void;
}

const paceEveryMs = 50;
/** Shorter than any server's, as drills are. */
const keepAliveMs = 3_000;

/** One client's connection through a proxy: two streams, each of which waits for the slower side. */
export class FaultLink {
  readonly #client: Socket;
  readonly #server: Socket;
  #held = false;
  /** What came while it was held, in order: reading goes on, so that the end of a side is noticed. */
  #waiting: (() => void)[] = [];
  #bytesPerSecond: number | undefined;
  #mute = false;
  #trigger: (Trigger & { seen: string; awaited: readonly string[]; left: number }) | undefined;

  constructor(client: Socket, upstream: number, onClose: () => void) {
    this.#client = client;
    this.#server = connect({ port: upstream, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to, direction] of [
      [this.#client, this.#server, 'toServer'],
      [this.#server, this.#client, 'toClient'],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (chunk) => this.#pass(from, to, direction, chunk));
      from.on('end', () => this.#inTurn(() => to.end()));
      to.on('drain', () => this.#resume(from));
      // What happened to one side happens to the other, and that is all there is to say about it.
      from.on('error', () => this.cut());
      from.on('close', () => {
        this.#inTurn(() => to.destroy());
        onClose();
      });
      from.once('end', () => this.#missLater());
      from.once('close', () => this.#missLater());
    }
    client.pause();
    this.#server.once('connect', () => this.#resume(client));
  }

  watch(trigger: Trigger): void {
    this.#trigger = { ...trigger, seen: '', awaited: trigger.after, left: trigger.afterBytes };
  }

  unwatch(): void {
    this.#trigger = undefined;
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Nothing reaches the client any more; after a while, in which the server does as it was told, all is cut. */
  loseAnswer(ms: number): void {
    this.#mute = true;
    setTimeout(() => this.cut(), ms).unref();
  }

  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    if (held) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  pace(bytesPerSecond: number | undefined): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  #pass(from: Socket, to: Socket, direction: Direction, chunk: Buffer): void {
    const trigger = this.#trigger;
    const at = trigger?.direction === direction ? this.#find(chunk) : -1;
    if (trigger === undefined || at < 0) {
      this.#forward(from, to, direction, chunk);
      return;
    }
    this.#trigger = undefined;
    if (trigger.flipBit !== undefined) {
      chunk.writeUInt8(chunk.readUInt8(at) ^ (1 << trigger.flipBit), at);
      trigger.strike();
      this.#forward(from, to, direction, chunk);
      return;
    }
    from.pause();
    to.write(chunk.subarray(0, at), () => {
      trigger.strike();
      this.#resume(from);
      this.#forward(from, to, direction, chunk.subarray(at));
    });
  }

  /** Where in `chunk` the trigger's byte is, or -1. */
  #find(chunk: Buffer): number {
    const trigger = this.#trigger;
    if (trigger === undefined) return -1;
    let from = 0;
    for (let [text] = trigger.awaited; text !== undefined; [text] = trigger.awaited) {
      const stretch = trigger.seen + chunk.toString('latin1', from);
      const at = stretch.indexOf(text);
      if (at < 0) {
        trigger.seen = stretch.slice(1 - text.length);
        return -1;
      }
      from += at + text.length - trigger.seen.length;
      trigger.seen = '';
      trigger.awaited = trigger.awaited.slice(1);
    }
    if (from + trigger.left < chunk.length) return from + trigger.left;
    trigger.left -= chunk.length - from;
    return -1;
  }

  #forward(from: Socket, to: Socket, direction: Direction, chunk: Buffer): void {
    if (to.destroyed || (this.#mute && direction === 'toClient')) return;
    if (this.#held) {
      this.#waiting.push(() => this.#forward(from, to, direction, chunk));
      return;
    }
    const limit = this.#bytesPerSecond;
    if (limit === undefined) {
      if (!to.write(chunk)) from.pause();
      return;
    }
    const portion = Math.max(1, Math.floor((limit * paceEveryMs) / 1000));
    to.write(chunk.subarray(0, portion));
    from.pause();
    setTimeout(() => {
      if (chunk.length > portion) this.#keep(from, chunk.subarray(portion));
      this.#resume(from);
    }, paceEveryMs);
  }

  #inTurn(go: () => void): void {
    if (this.#held) this.#waiting.push(go);
    else go();
  }

  /** A side that left in a stall is not heard of; keep-alive probes without an answer tell the other one in the end. */
  #missLater(): void {
    if (this.#held) setTimeout(() => this.cut(), keepAliveMs).unref();
  }

  /** Back to where it will be read again, in its order. */
  #keep(from: Socket, chunk: Buffer): void {
    from.pause();
    from.unshift(chunk);
  }

  #resume(socket: Socket): void {
    if (!this.#server.connecting && !socket.destroyed) socket.resume();
  }
}
