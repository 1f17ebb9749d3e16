import { ApplicationFailure, CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type {
  Activities,
  DatabaseId,
  Pass,
  RunSummary,
  WholeId,
  WholeResult,
} from '../../activities/contract.js';
import { type Cause, causeOf } from '../cause-of.js';
import { controlOptions, maxRounds, wholeOptions } from '../options.js';
import type { Controls } from './controls.js';

/**
 * How far a whole is: its databases are exported (`export`), transformed, loaded. `parked`: chunks of it wait for an
 * operator. What is true of each chunk the control tables know: a whole may always begin at `export` again.
 */
type Stage = 'export' | 'transform' | 'load' | 'parked' | 'done';

interface Whole {
  readonly id: WholeId;
  readonly databases: readonly DatabaseId[];
  stage: Stage;
  /** How often it was found unexported since it was transformed or parked. */
  rounds: number;
  /** Chunks have come back while it was being transformed. */
  again: boolean;
  transforming?: CancellationScope;
}

export interface WholeEvents {
  /** Databases have to be gone through once more. */
  readonly copy: (databases: readonly DatabaseId[]) => void;
  readonly changed: () => void;
  /** What ends the run. */
  readonly failed: (error: unknown) => void;
}

const { parkWhole } = proxyActivities<Activities>(controlOptions);

const exportsGone: Cause = {
  code: 'PARTS_GONE',
  message: `Raw parts vanished from the bucket ${maxRounds} times before they could be transformed as a whole. Look for a lifecycle rule or a second run, then retry.`,
};

/** The chunks that are transformed at once: each whole is exported, transformed when all of it is, and then loaded. */
export class Wholes {
  readonly #wholes: readonly Whole[];
  #events: WholeEvents | undefined;

  constructor(
    private readonly runId: string,
    private readonly controls: Controls,
    { databases, wholes }: Pick<RunSummary, 'databases' | 'wholes'>,
    private readonly warn: (message: string) => void,
  ) {
    this.#wholes = wholesOf(databases, wholes);
  }

  listen(events: WholeEvents): void {
    this.#events = events;
  }

  /** What the next pass over a database is for; undefined while it has to wait for its whole's transform. */
  passOf(database: DatabaseId): Pass | undefined {
    const whole = this.#of(database);
    if (whole === undefined) return 'all';
    if (whole.stage === 'transform') return undefined;
    return whole.stage === 'load' ? 'load' : 'export';
  }

  /** Whether something is being transformed. */
  get busy(): boolean {
    return this.#wholes.some(({ transforming }) => transforming !== undefined);
  }

  /** Whether something can be transformed, and only a pause keeps it. */
  get due(): boolean {
    return this.#wholes.some(({ stage }) => stage === 'export');
  }

  /** Whether chunks wait for what is parked of their whole. */
  get waiting(): boolean {
    return this.#wholes.some(({ stage }) => stage === 'parked');
  }

  /** Asks again for wholes that waited for an operator. */
  ask(): void {
    for (const whole of this.#wholes) if (whole.stage === 'parked') whole.stage = 'export';
  }

  /** Chunks of the database are pending that may have to be exported. */
  begin(database: DatabaseId): void {
    const whole = this.#of(database);
    if (whole?.stage === 'transform') whole.again = true;
    else if (whole !== undefined) whole.stage = 'export';
  }

  /**
   * Moves each whole on of which no database is being gone through, or is to be; ends what a pause interrupts, and begins
   * nothing where the run is `ending`.
   */
  advance(ending: boolean, isIdle: (database: DatabaseId) => boolean): void {
    for (const whole of this.#wholes) {
      const hold = this.controls.holdOf(whole.id);
      if (hold === 'now') whole.transforming?.cancel();
      if (whole.transforming !== undefined || !whole.databases.every(isIdle)) continue;
      if (whole.stage === 'load') whole.stage = 'done';
      if (whole.stage === 'export' && hold === undefined && !ending) this.#start(whole);
    }
  }

  #of(database: DatabaseId): Whole | undefined {
    return this.#wholes.find(({ databases }) => databases.some((other) => same(other, database)));
  }

  #start(whole: Whole): void {
    const scope = new CancellationScope();
    whole.stage = 'transform';
    whole.transforming = scope;
    void scope
      .run(() => transform(this.runId, whole.id))
      .then((result) => this.#transformed(whole, result))
      .catch((error: unknown) => this.#stopped(whole, error))
      .catch((error: unknown) => this.#events?.failed(error))
      .finally(() => {
        delete whole.transforming;
        if (whole.again) this.#copy(whole, 'export');
        whole.again = false;
        this.#events?.changed();
      });
  }

  async #transformed(whole: Whole, { state, pending, skipped }: WholeResult): Promise<void> {
    if (state === 'parked') whole.stage = 'parked';
    else if (state === 'unexported') {
      whole.rounds += 1;
      if (whole.rounds > maxRounds) return this.#park(whole, exportsGone);
      this.#copy(whole, 'export');
      return;
    } else if (pending === 0) whole.stage = 'done';
    else this.#copy(whole, 'load');
    whole.rounds = 0;
    if (state === 'transformed' && skipped > 0)
      this.warn(
        `${nameOf(whole.id)}: ${skipped} skipped chunks took no part in the transform; left rows whose match is in one of them are unmatched.`,
      );
  }

  #copy(whole: Whole, stage: 'export' | 'load'): void {
    whole.stage = stage;
    this.#events?.copy(whole.databases);
  }

  /**
   * A pause interrupts it; what fails parks its chunks, and no other ones. Throws where none of them is pending, so that
   * nobody could retry it.
   */
  async #stopped(whole: Whole, error: unknown): Promise<void> {
    if (isCancellation(error)) whole.stage = 'export';
    else await this.#park(whole, causeOf(error));
  }

  async #park(whole: Whole, { code, message }: Cause): Promise<void> {
    const parked = await parkWhole({ runId: this.runId, ...whole.id, code, message });
    if (parked === 0) throw nothingToPark(code, message);
    whole.rounds = 0;
    whole.stage = 'parked';
  }
}

function transform(runId: string, id: WholeId): Promise<WholeResult> {
  const { transformWhole } = proxyActivities<Activities>({
    ...wholeOptions,
    summary: `transform ${nameOf(id)} as a whole`,
  });
  return transformWhole({ runId, ...id });
}

function wholesOf(databases: readonly DatabaseId[], scopes: RunSummary['wholes']): readonly Whole[] {
  const wholes = new Map<string, Whole & { databases: DatabaseId[] }>();
  for (const database of databases) {
    const scope = scopes[database.target];
    if (scope === undefined) continue;
    const id: WholeId = scope === 'category' ? { target: database.target } : database;
    const whole = wholes.get(nameOf(id)) ?? { id, databases: [], stage: 'export', rounds: 0, again: false };
    whole.databases.push(database);
    wholes.set(nameOf(id), whole);
  }
  return [...wholes.values()];
}

function nothingToPark(code: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    nonRetryable: true,
    message: `${message} No chunk of the whole is pending that could be parked: mend the cause, then start the category again with job_mode resume (restart, where the cause lies in rows at the source).`,
  });
}

function nameOf({ target, server, database }: WholeId): string {
  return database === undefined ? target : `${target} ${server}/${database}`;
}

function same(a: DatabaseId, b: DatabaseId): boolean {
  return a.target === b.target && a.server === b.server && a.database === b.database;
}
