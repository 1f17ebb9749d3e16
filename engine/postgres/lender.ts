import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { sqlState } from './errors.js';

/** Where a password comes from that may be another one by now. */
type Password = string | ((refused?: string) => Promise<string>);

const passwordRefused = '28P01';

/** Lends the connections of a pool, and knows which of them are not to be used again. */
export class Lender {
  readonly #pool: Pool;
  /** Counted up with each password that took the place of a refused one. */
  #renewals = 0;
  #latest: string | undefined;
  /** Counted up with each server that turned out to take no writes. */
  #demotions = 0;
  readonly #madeAfter = new WeakMap<PoolClient, number>();

  /** `failure` makes a MigrationError of what the driver threw. */
  constructor(
    config: PoolConfig,
    private readonly password: Password,
    private readonly failure: (error: unknown) => unknown,
  ) {
    this.#pool = new Pool({
      ...config,
      password: typeof password === 'string' ? password : async () => this.#ask(password),
    });
    // An idle connection that the server ends must not end the process; the next use opens another.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => this.#madeAfter.set(client, this.#demotions));
  }

  /** A connection that was made since the last demotion. Throws what `failure` makes of the reason that there is none. */
  async lend(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#connect();
      if (this.#madeAfter.get(client) === this.#demotions) return client;
      client.release(true);
    }
  }

  /**
   * A server that was the writer keeps its connections after a fail-over. None of them is lent again: a new one looks
   * its name up anew, and finds the new writer.
   */
  demoted(): void {
    this.#demotions += 1;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** Where the password is refused, once more with the one that it was changed to. */
  async #connect(): Promise<PoolClient> {
    const renewals = this.#renewals;
    try {
      return await this.#pool.connect();
    } catch (error) {
      const failed = this.failure(error);
      if (sqlState(failed) !== passwordRefused || !(await this.#renew(renewals))) throw failed;
      return this.#pool.connect().catch((again: unknown) => Promise.reject(this.failure(again)));
    }
  }

  /** Whether there is another password than when there were so many renewals. */
  async #renew(renewals: number): Promise<boolean> {
    if (typeof this.password === 'string') return false;
    if (this.#renewals > renewals) return true;
    const refused = this.#latest;
    const password = await this.password(refused);
    if (password === refused) return false;
    this.#renewals += 1;
    return true;
  }

  async #ask(password: () => Promise<string>): Promise<string> {
    this.#latest = await password();
    return this.#latest;
  }
}
