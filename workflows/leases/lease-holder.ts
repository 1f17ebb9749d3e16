import type { MemberRef } from '../../activities/contract.js';
import type { Lease, LeaseReport } from '../messages.js';

export interface LeaseHolderState {
  readonly membership: number;
  readonly permits: number;
  /** Of the latest lease. */
  readonly version: number;
  /** What the lessor was told last; absent where it knows nothing of us. */
  readonly told?: { readonly wanted: number; readonly settled: number };
  /** The lessor counts us with any number until it has heard of us. */
  readonly awaited?: true;
}

/** The lessee's side of `Leases`: what it may have in flight, and what its lessor must hear. */
export class LeaseHolder {
  #state: LeaseHolderState;
  #repeat = false;

  constructor(
    private readonly member: MemberRef,
    private readonly brief = false,
    state: LeaseHolderState = { membership: 1, permits: 0, version: 0 },
  ) {
    this.#state = state;
  }

  get state(): LeaseHolderState {
    return this.#state;
  }

  get permits(): number {
    return this.#state.permits;
  }

  /** Takes a lease, unless it is older than what is known or of a membership that was given up. */
  take({ firstRunId, membership, permits, version }: Lease): void {
    if (firstRunId !== this.member.firstRunId) return;
    if (membership !== this.#state.membership || version <= this.#state.version) return;
    this.#state = { ...this.#state, permits, version };
  }

  /** Begins a membership in which the lessor awaits a report, whatever it says. */
  introduce(): void {
    this.#state = { membership: this.#state.membership + 1, permits: 0, version: 0, awaited: true };
  }

  /** Has the next report sent even where nothing is new in it. */
  repeat(): void {
    this.#repeat = true;
  }

  /** What the lessor must hear now; undefined where it knows. `wanted` 0 gives everything back. */
  report(wanted: number, holding: number): LeaseReport | undefined {
    const { membership, permits, version, told, awaited } = this.#state;
    const settled = holding <= permits ? version : (told?.settled ?? 0);
    if (wanted === 0 && holding === 0) return this.#leave(told !== undefined || awaited === true);
    const wish = Math.max(wanted, holding);
    // Between two wishes that are both above the lease the lessor has nothing to decide.
    const equal = told !== undefined && (told.wanted === wish || Math.min(told.wanted, wish) > permits);
    if (equal && told.settled === settled && !this.#repeat) return undefined;
    this.#repeat = false;
    this.#state = { membership, permits, version, told: { wanted: wish, settled } };
    return this.#message(membership, wish, settled, holding);
  }

  #leave(known: boolean): LeaseReport | undefined {
    const { membership, version } = this.#state;
    if (!known) return undefined;
    this.#state = { membership: membership + 1, permits: 0, version: 0 };
    return this.#message(membership, 0, version, 0);
  }

  #message(membership: number, wanted: number, settled: number, holding: number): LeaseReport {
    const { version, permits } = this.#state;
    return {
      member: this.member,
      membership,
      wanted,
      settled,
      version,
      holding: Math.max(holding, permits),
      ...(this.brief && { brief: true }),
    };
  }
}
