import { CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { MemberRef, ServerOutline } from '../../activities/contract.js';
import { joinGate, reportToGate, signalGate } from '../gate/gate-client.js';
import { LeaseHolder } from '../leases/lease-holder.js';
import {
  type GateTerms,
  gateLimitSignal,
  type LeaseReport,
  leaseSignal,
  leaveGateSignal,
} from '../messages.js';
import { reminderMs } from '../options.js';

/** A category's dealings with the gates of its servers. */
export class Gates {
  readonly #holders = new Map<string, LeaseHolder>();
  #guarded = false;

  constructor(
    private readonly self: MemberRef,
    private servers: readonly ServerOutline[],
    private readonly runId: string,
  ) {
    for (const { endpoint } of servers) this.#holders.set(endpoint, new LeaseHolder(self, true));
    setHandler(leaseSignal, (lease) => this.#holders.get(lease.lessor)?.take(lease));
  }

  /** Guards are watched from the time when the run is open: its configuration holds their probes. */
  async join(guarded: 'with guards' | 'before guards'): Promise<void> {
    this.#guarded = guarded === 'with guards';
    await Promise.all(
      this.servers.map(async (outline) => {
        if (guarded === 'with guards' && outline.guard === undefined) return;
        await joinGate(outline.endpoint, this.#terms(outline, guarded === 'with guards'));
      }),
    );
  }

  /** Tells the gates of what has changed in the terms on which the same servers are read. */
  async revise(servers: readonly ServerOutline[]): Promise<void> {
    const before = this.servers;
    this.servers = servers;
    await Promise.all(
      servers.map(async (outline) => {
        const old = before.find(({ server }) => server === outline.server);
        if (JSON.stringify(old) !== JSON.stringify(outline))
          await joinGate(outline.endpoint, this.#terms(outline, true));
      }),
    );
  }

  /** The terms on which a server is read, for those who deal with its gate themselves. */
  termsOf(server: string): { readonly endpoint: string; readonly terms: GateTerms } {
    const outline = this.#outlineOf(server);
    return { endpoint: outline.endpoint, terms: this.#terms(outline, true) };
  }

  /** Runs `work` with one session allowed on each of the servers (their addresses); calls `begin` once all are. */
  async withSessions<T>(endpoints: readonly string[], begin: () => void, work: () => Promise<T>): Promise<T> {
    try {
      // In one order for all categories, so that no two wait for each other.
      for (const endpoint of [...new Set(endpoints)].sort()) await this.#acquire(endpoint);
      begin();
      return await work();
    } finally {
      await CancellationScope.nonCancellable(() =>
        Promise.all(endpoints.map((endpoint) => this.#release(endpoint))),
      );
    }
  }

  async setLimits(perServer: Readonly<Record<string, number>>): Promise<void> {
    const limitOf = ({ server }: ServerOutline): number | undefined => perServer[server] ?? perServer['*'];
    await Promise.all(
      this.servers.map(async (outline) => {
        const limit = limitOf(outline);
        if (limit !== undefined)
          await signalGate(outline.endpoint, this.#terms(outline, this.#guarded), gateLimitSignal, limit);
      }),
    );
  }

  async leave(): Promise<void> {
    const endpoints = new Set(this.servers.map(({ endpoint }) => endpoint));
    await Promise.all(
      [...endpoints].map((endpoint) => signalGate(endpoint, undefined, leaveGateSignal, this.self)),
    );
  }

  async #acquire(endpoint: string): Promise<void> {
    const holder = this.#holderOf(endpoint);
    for (;;) {
      await this.#report(endpoint, holder.report(1, 0));
      if (await condition(() => holder.permits > 0, reminderMs)) return;
      // A gate that somebody has terminated knows nothing of us.
      holder.repeat();
    }
  }

  async #release(endpoint: string): Promise<void> {
    await this.#report(endpoint, this.#holderOf(endpoint).report(0, 0));
  }

  async #report(endpoint: string, report: LeaseReport | undefined): Promise<void> {
    if (report === undefined) return;
    const outline = this.servers.find((candidate) => candidate.endpoint === endpoint);
    if (outline !== undefined) await reportToGate(endpoint, this.#terms(outline, false), report);
  }

  #terms({ server, limit, guard }: ServerOutline, withGuard: boolean): GateTerms {
    return {
      category: this.self,
      runId: this.runId,
      server,
      limit,
      ...(withGuard && guard !== undefined && { guard }),
    };
  }

  #outlineOf(server: string): ServerOutline {
    const outline = this.servers.find((candidate) => candidate.server === server);
    if (outline === undefined) throw new Error(`No server ${server}.`);
    return outline;
  }

  #holderOf(endpoint: string): LeaseHolder {
    const holder = this.#holders.get(endpoint);
    if (holder === undefined) throw new Error(`No gate ${endpoint}.`);
    return holder;
  }
}
