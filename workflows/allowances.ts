import { type Allowance, type DatabaseName, workflowIds } from './messages.js';

/**
 * Divides each server's limit among the databases that are being copied from it. Absolute numbers, so that a
 * message sent twice changes nothing. A raised limit or a finished database only ever raises shares, and a
 * lowered limit only lowers them: the sum never exceeds the limit once lowered shares have drained.
 */
export class Allowances {
  readonly #shares = new Map<string, { readonly database: DatabaseName; share: number }>();
  #perServer: number;

  constructor(perServer: number) {
    this.#perServer = perServer;
  }

  get perServer(): number {
    return this.#perServer;
  }

  add(database: DatabaseName): void {
    this.#shares.set(key(database), { database, share: 0 });
  }

  /** Returns the databases whose share changed. */
  setPerServer(perServer: number): readonly DatabaseName[] {
    this.#perServer = perServer;
    return this.rebalance();
  }

  /** Returns the databases whose share grew by what the finished one leaves. */
  remove(database: DatabaseName): readonly DatabaseName[] {
    this.#shares.delete(key(database));
    return this.rebalance();
  }

  of(database: DatabaseName, paused: boolean): Allowance {
    return { chunks: this.#shares.get(key(database))?.share ?? 0, paused };
  }

  all(): readonly DatabaseName[] {
    return [...this.#shares.values()].map((entry) => entry.database);
  }

  rebalance(): readonly DatabaseName[] {
    const changed = new Set<DatabaseName>();
    for (const server of new Set(this.all().map((database) => database.server))) {
      const entries = [...this.#shares.values()].filter((entry) => entry.database.server === server);
      const used = (): number => entries.reduce((sum, entry) => sum + entry.share, 0);
      while (entries.length > 0 && used() !== this.#perServer) {
        const grow = used() < this.#perServer;
        const pick = entries.reduce((a, b) => ((grow ? b.share < a.share : b.share > a.share) ? b : a));
        pick.share += grow ? 1 : -1;
        changed.add(pick.database);
      }
    }
    return [...changed];
  }
}

function key(database: DatabaseName): string {
  return workflowIds.database('', database);
}
