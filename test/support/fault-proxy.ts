import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Direction, FaultLink } from './fault-link.js';

/** When a fault strikes. Without any of these it strikes as soon as it is armed. */
export interface Moment {
  /** On which of the connections that come after arming, counted from 0; absent for any, old ones too. */
  readonly connection?: number;
  /** Which of the two streams is watched. */
  readonly direction?: Direction;
  /** Texts that must have passed on the connection, one after another; for protocols in clear only. */
  readonly after?: readonly string[];
  /** Bytes that pass unharmed then: since arming or since the last of those texts. */
  readonly afterBytes?: number;
}

export type Fault =
  /** Destroys the connection, or every one where no moment names one. */
  | { readonly kind: 'cut' }
  /** Passes what struck on to the server, and nothing of the answer to the client; then cuts. */
  | { readonly kind: 'loseAnswer' }
  /** Flips one bit of the byte. */
  | { readonly kind: 'corrupt'; readonly bit: number }
  /** Forwards nothing, on all connections where no moment names one; for ever without `forMs`. */
  | { readonly kind: 'stall'; readonly forMs?: number }
  /** Holds every connection to a few bytes a second. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number; readonly forMs: number }
  /** Cuts every connection and lets nobody in. */
  | { readonly kind: 'refuse'; readonly forMs: number };

export interface Armed {
  /** Resolves when the fault has struck. */
  readonly struck: Promise<void>;
  readonly hasStruck: () => boolean;
}

/** Lets the server get what struck before its client is cut off. */
const answerLostMs = 300;

/**
 * A TCP proxy on the loopback interface that passes bytes through until an armed fault strikes: once, then it
 * heals by itself. One fault at a time.
 */
export class FaultProxy {
  readonly port: number;
  readonly #upstream: number;
  #server: Server;
  readonly #links = new Set<FaultLink>();
  #watch: ((link: FaultLink) => void) | undefined;
  #held = false;
  #limit: number | undefined;
  #repair: () => Promise<void> = async () => undefined;

  private constructor(server: Server, upstream: number) {
    this.#server = server;
    this.#upstream = upstream;
    this.port = portOf(server);
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Listens on a free port and forwards to `upstream` on this machine. */
  static async start(upstream: number): Promise<FaultProxy> {
    return new FaultProxy(await listen(0), upstream);
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  arm(fault: Fault, moment: Moment = {}): Armed {
    let struck = false;
    let tell: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const strike = (link: FaultLink | undefined): void => {
      if (struck) return;
      struck = true;
      this.#watch = undefined;
      for (const other of this.#links) other.unwatch();
      this.#strike(fault, link);
      tell();
    };
    if (Object.keys(moment).length === 0) strike(undefined);
    else this.#watchFor(fault, moment, strike);
    return { struck: promise, hasStruck: () => struck };
  }

  /** Takes back what has not struck and ends what lasts. */
  async heal(): Promise<void> {
    this.#watch = undefined;
    for (const link of this.#links) link.unwatch();
    await this.#repair();
  }

  async close(): Promise<void> {
    await this.heal();
    for (const link of this.#links) link.cut();
    await stopListening(this.#server);
  }

  #watchFor(fault: Fault, moment: Moment, strike: (link: FaultLink) => void): void {
    const { direction = 'toServer', after = [], afterBytes = 0 } = moment;
    const trigger = (link: FaultLink): void =>
      link.watch({
        direction,
        after,
        afterBytes,
        ...(fault.kind === 'corrupt' && { flipBit: fault.bit }),
        strike: () => strike(link),
      });
    if (moment.connection === undefined) for (const link of this.#links) trigger(link);
    let ordinal = -1;
    this.#watch = (link) => {
      ordinal += 1;
      if (moment.connection === undefined || moment.connection === ordinal) trigger(link);
    };
  }

  #strike(fault: Fault, link: FaultLink | undefined): void {
    const struck = link === undefined ? [...this.#links] : [link];
    switch (fault.kind) {
      case 'corrupt':
        return;
      case 'cut':
        for (const one of struck) one.cut();
        return;
      case 'loseAnswer':
        for (const one of struck) one.loseAnswer(answerLostMs);
        return;
      case 'stall':
        this.#stall(link, fault.forMs);
        return;
      case 'slow':
        this.#pace(fault.bytesPerSecond);
        this.#repairAfter(fault.forMs, async () => this.#pace(undefined));
        return;
      case 'refuse':
        this.#refuse(fault.forMs);
    }
  }

  #stall(link: FaultLink | undefined, forMs: number | undefined): void {
    const hold = (held: boolean): void => {
      if (link === undefined) this.#held = held;
      for (const one of link === undefined ? this.#links : [link]) one.hold(held);
    };
    hold(true);
    this.#repairAfter(forMs, async () => hold(false));
  }

  #pace(limit: number | undefined): void {
    this.#limit = limit;
    for (const link of this.#links) link.pace(limit);
  }

  #refuse(forMs: number): void {
    const closed = stopListening(this.#server);
    for (const link of this.#links) link.cut();
    this.#repairAfter(forMs, async () => {
      await closed;
      this.#server = await listen(this.port);
      this.#server.on('connection', (socket) => this.#accept(socket));
    });
  }

  /** Once: by the clock or by `heal`, whichever comes first. */
  #repairAfter(ms: number | undefined, repair: () => Promise<void>): void {
    const timer = new AbortController();
    let repaired: Promise<void> | undefined;
    this.#repair = () => {
      timer.abort();
      repaired ??= repair();
      return repaired;
    };
    if (ms === undefined) return;
    const mend = this.#repair;
    sleep(ms, undefined, { signal: timer.signal }).then(mend, () => undefined);
  }

  #accept(socket: Socket): void {
    const link = new FaultLink(socket, this.#upstream, () => this.#links.delete(link));
    this.#links.add(link);
    link.hold(this.#held);
    link.pace(this.#limit);
    this.#watch?.(link);
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy has no port.');
  return address.port;
}
