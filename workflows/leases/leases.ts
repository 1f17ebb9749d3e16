import type { MemberRef } from '../../activities/contract.js';
import type { Lease, LeaseReport } from '../messages.js';

export interface Member {
  readonly ref: MemberRef;
  readonly membership: number;
  wanted: number;
  readonly brief: boolean;
  /** What it was last told. */
  permits: number;
  /** What it may still have in flight: never less than `permits`; more until it has settled for fewer. */
  granted: number;
  version: number;
  /** The latest lease is still to be sent. */
  unsent: boolean;
}
export interface LeasesState {
  readonly lessor: string;
  readonly members: readonly Member[];
}

/**
 * Divides a capacity among members. The sum of what they may have in flight never exceeds it: permits move from one
 * member to another only after the first has settled for fewer. Leases are absolute and numbered; none is asked for
 * per chunk, since a gate asked each time would be the bottleneck.
 */
export class Leases {
  /** In the order in which they are served; brief needs come first all the same. */
  #members: Member[];
  readonly #lessor: string;

  constructor({ lessor, members }: LeasesState) {
    this.#lessor = lessor;
    this.#members = members.map((member) => ({ ...member }));
  }

  get state(): LeasesState {
    return { lessor: this.#lessor, members: this.#members };
  }

  get members(): readonly Readonly<Member>[] {
    return this.#members;
  }

  /** Counts a member before its first report, as holding any number. */
  expect(ref: MemberRef): void {
    if (this.#find(ref) === undefined) this.#members.push(newMember(ref, 0, Number.MAX_SAFE_INTEGER, 0));
  }

  report({ member: ref, membership, wanted, settled, version, holding, brief }: LeaseReport): void {
    const known = this.#find(ref);
    if (known !== undefined && membership < known.membership) return;
    if (known === undefined || membership > known.membership || wanted === 0) {
      this.remove(ref);
      if (wanted === 0) return;
      this.#members.push({ ...newMember(ref, membership, holding, version), wanted, brief: brief === true });
      return;
    }
    known.wanted = wanted;
    if (settled === known.version) known.granted = known.permits;
  }

  /** Of a member that has left, or is known to have ended with nothing in flight. */
  remove(ref: MemberRef): void {
    this.#members = this.#members.filter((member) => !same(member.ref, ref));
  }

  /** What all members together may still have. */
  get granted(): number {
    return this.#members.reduce((sum, member) => sum + member.granted, 0);
  }

  /** Whether one that wants permits has none while others hold some. */
  get starved(): boolean {
    return this.#members.some(({ wanted, permits }) => wanted > 0 && permits === 0);
  }

  /** Lets those who wait for longest be served before the others. */
  rotate(): void {
    this.#members = [
      ...this.#members.filter(({ permits }) => permits === 0),
      ...this.#members.filter(({ permits }) => permits > 0),
    ];
  }

  /** Divides anew; what changed is `unsent`. */
  allocate(capacity: number): void {
    const shares = this.#shares(capacity);
    for (const member of this.#members)
      if ((shares.get(member) ?? 0) < member.permits) tell(member, shares.get(member) ?? 0);
    let free = capacity - this.granted;
    for (const member of this.#served()) {
      const share = shares.get(member) ?? 0;
      if (share <= member.permits) continue;
      // Up to what is granted still, a raise takes nothing from the others.
      const within = Math.min(share, member.granted);
      const more = Math.max(0, Math.min(share - within, free));
      free -= more;
      if (within + more > member.permits) tell(member, within + more);
    }
  }

  /** The leases to send, each once. */
  takeUnsent(): readonly { readonly to: MemberRef; readonly lease: Lease }[] {
    const due = this.#members.filter(({ unsent }) => unsent);
    for (const member of due) member.unsent = false;
    return due.map(({ ref, membership, permits, version }) => ({
      to: ref,
      lease: { lessor: this.#lessor, firstRunId: ref.firstRunId, membership, permits, version },
    }));
  }

  #served(): readonly Member[] {
    return [...this.#members.filter(({ brief }) => brief), ...this.#members.filter(({ brief }) => !brief)];
  }

  /** One each in turn until nothing is left or wanted: equal shares, in whole numbers. */
  #shares(capacity: number): ReadonlyMap<Member, number> {
    const shares = new Map<Member, number>();
    let left = capacity;
    const served = this.#served();
    for (let moved = true; moved && left > 0; ) {
      moved = false;
      for (const member of served) {
        const share = shares.get(member) ?? 0;
        if (left === 0 || share >= member.wanted) continue;
        shares.set(member, share + 1);
        left -= 1;
        moved = true;
      }
    }
    return shares;
  }

  #find(ref: MemberRef): Member | undefined {
    return this.#members.find((member) => same(member.ref, ref));
  }
}

function newMember(ref: MemberRef, membership: number, holding: number, version: number): Member {
  return { ref, membership, wanted: 0, brief: false, permits: 0, granted: holding, version, unsent: false };
}

function tell(member: Member, permits: number): void {
  member.permits = permits;
  member.granted = Math.max(member.granted, permits);
  member.version += 1;
  member.unsent = true;
}

export function same(a: MemberRef, b: MemberRef): boolean {
  return a.workflowId === b.workflowId && a.firstRunId === b.firstRunId;
}
