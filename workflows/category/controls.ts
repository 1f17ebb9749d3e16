import type { DatabaseId } from '../../activities/contract.js';
import type { Pause, PauseRequest, ResumeRequest, Scope, StopMode, StopRequest } from '../messages.js';

export interface ControlsState {
  readonly version: number;
  readonly pauses: readonly Pause[];
  readonly total?: number;
  readonly stopping?: StopMode;
}

const byOperator = 'operator';

/** What operators have asked of a run: absolute, so that a message that arrives twice changes nothing. */
export class Controls {
  #state: ControlsState;

  constructor(state: ControlsState = { version: 0, pauses: [] }) {
    this.#state = state;
  }

  get state(): ControlsState {
    return this.#state;
  }

  pause({ mode = 'drain', scope = {}, by = byOperator }: PauseRequest): void {
    const others = this.#state.pauses.filter((pause) => pause.by !== by || !sameScope(pause.scope, scope));
    this.#change({ pauses: [...others, { mode, scope, by }] });
  }

  /** Lifts the pauses that lie within the scope; a wider one stays, and `pausedBeyond` names it. */
  resume({ scope = {}, by }: ResumeRequest): void {
    const lifted = (pause: Pause): boolean =>
      covers(scope, pause.scope) && (by === undefined || by === pause.by);
    this.#change({ pauses: this.#state.pauses.filter((pause) => !lifted(pause)) });
  }

  /** The pause that would keep the scope paused although it is resumed itself. */
  pausedBeyond(scope: Scope): Pause | undefined {
    return this.#state.pauses.find((pause) => covers(pause.scope, scope) && !covers(scope, pause.scope));
  }

  setTotal(total: number | null): void {
    const { total: _, ...rest } = this.#state;
    this.#state = rest;
    this.#change(total === null ? {} : { total });
  }

  stop({ mode = 'drain' }: StopRequest): void {
    // A stop that hurries is not slowed down again.
    this.#change({ stopping: this.#state.stopping === 'now' ? 'now' : mode });
  }

  /** How work on a subject is held at present; the stricter of two pauses. */
  holdOf(subject: Partial<DatabaseId>): StopMode | undefined {
    const modes = this.#state.pauses.filter(({ scope }) => covers(scope, subject)).map(({ mode }) => mode);
    if (this.#state.stopping !== undefined) modes.push(this.#state.stopping);
    return modes.includes('now') ? 'now' : modes[0];
  }

  #change(change: Partial<ControlsState>): void {
    this.#state = { ...this.#state, ...change, version: this.#state.version + 1 };
  }
}

/** Whether all that `scope` asks for is so in `subject`. */
function covers(scope: Scope, subject: Scope): boolean {
  return keys.every((key) => scope[key] === undefined || scope[key] === subject[key]);
}

function sameScope(a: Scope, b: Scope): boolean {
  return keys.every((key) => a[key] === b[key]);
}

const keys = ['target', 'server', 'database'] as const satisfies (keyof Scope)[];

/** For people: `all`, or `server server01, database DatabaseA`. */
export function scopeText(scope: Scope): string {
  const parts = keys.filter((key) => scope[key] !== undefined).map((key) => `${key} ${scope[key]}`);
  return parts.length === 0 ? 'all' : parts.join(', ');
}
