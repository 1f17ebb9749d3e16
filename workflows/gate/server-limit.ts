import type { GuardPolicy, GuardVerdict, MemberRef } from '../../activities/contract.js';
import { same } from '../leases/leases.js';
import type { GateTerms, ServerState } from '../messages.js';

export interface ServerLimitState {
  readonly terms: readonly GateTerms[];
  /** An operator's word, over what the files say. */
  readonly set?: number;
  /** What the guard leaves to chunks, and why; absent while it leaves all. */
  readonly guarded?: { readonly capacity: number; readonly cause: string };
  /** Why the guard itself is out of order. */
  readonly trouble?: string;
}

/** One session for the guard, and one at least for what it guards. */
const leastGuarded = 2;
const noSessionForGuard = 'the guard does not watch: a limit of 1 leaves it no session';

function isGuarded(terms: GateTerms): terms is GateTerms & { readonly guard: GuardPolicy } {
  return terms.guard !== undefined;
}

/** How many sessions a source server bears at present: what was configured or set, less what its guard takes back. */
export class ServerLimit {
  #state: ServerLimitState;

  constructor(state: ServerLimitState) {
    this.#state = state;
  }

  get state(): ServerLimitState {
    return this.#state;
  }

  /** The smallest of the categories' limits, unless an operator has set one. */
  get limit(): number {
    const { set, terms } = this.#state;
    return set ?? terms.reduce((least, { limit }) => Math.min(least, limit), terms[0]?.limit ?? 0);
  }

  /** Permits for chunks, plans and probes: all but the session of the guard. */
  get capacity(): number {
    const { guarded } = this.#state;
    return Math.min(this.#unguarded, guarded?.capacity ?? this.#unguarded);
  }

  get #unguarded(): number {
    return this.guard === undefined ? this.limit : Math.max(0, this.limit - 1);
  }

  get #unguardable(): boolean {
    return this.limit < leastGuarded && this.#state.terms.some(isGuarded);
  }

  get reduced(): boolean {
    return this.#state.guarded !== undefined;
  }

  /** The terms whose guard watches the server: the first that have one. */
  get guard(): (GateTerms & { readonly guard: GuardPolicy }) | undefined {
    if (this.limit < leastGuarded) return undefined;
    return this.#state.terms.find(isGuarded);
  }

  join(terms: GateTerms): void {
    const others = this.#state.terms.filter(
      ({ category, server }) => !same(category, terms.category) || server !== terms.server,
    );
    this.#state = { ...this.#state, terms: [...others, terms] };
    // A guard that the category has taken back leaves all again.
    if (this.guard === undefined) this.#lift();
  }

  leave(category: MemberRef): void {
    const terms = this.#state.terms.filter((candidate) => !same(candidate.category, category));
    this.#state = { ...this.#state, terms };
    if (this.guard === undefined) this.#lift();
  }

  set(limit: number): void {
    this.#state = { ...this.#state, set: limit };
  }

  /** Halves at each verdict down to a pause, and grows back by one: quick to spare the source, slow to load it. */
  judge({ verdict, cause }: GuardVerdict): void {
    const { trouble: _, ...sound } = this.#state;
    this.#state = sound;
    const capacity = verdict === 'shrink' ? Math.floor(this.capacity / 2) : this.capacity + 1;
    if (capacity >= this.#unguarded) this.#lift();
    else this.#state = { ...this.#state, guarded: { capacity, cause } };
  }

  trouble(cause: string): void {
    this.#state = { ...this.#state, trouble: cause };
  }

  /** As the categories hear it. */
  seenBy(server: string): ServerState {
    const { guarded, trouble } = this.#state;
    const cause = trouble ?? guarded?.cause ?? (this.#unguardable ? noSessionForGuard : undefined);
    const now = this.guard === undefined ? this.capacity : this.capacity + 1;
    return { server, limit: this.limit, now, ...(cause !== undefined && { cause }) };
  }

  #lift(): void {
    const { terms, set } = this.#state;
    this.#state = { terms, ...(set !== undefined && { set }) };
  }
}
