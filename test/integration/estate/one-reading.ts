import type { Activities, RangeRef } from '../../../activities/contract.js';
import type { Dependencies } from '../../../activities/dependencies.js';
import { MigrationError } from '../../../engine/errors.js';
import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import type { Estate } from '../../support/estate.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';

/** Without an index that leads with the time: a window would be a scan of the table. */
export const unindexed = Object.fromEntries(
  Object.entries(foundingStyles(300)).map(([server, databases]) => [
    server,
    databases.map((style) => ({ ...style, timeIndex: false })),
  ]),
);
export const places = [
  ['server01', 'DatabaseA'],
  ['server02', 'DatabaseA'],
] as const;
export const category = 'cell_perf_stats';

/** Has the category read its tables, of one database of each of two servers, once for all windows. */
export function readOnce(estate: Estate, scanRows: number): void {
  estate.configure('config/server-mappings.json', (json) => ({
    ...json,
    databases: {
      ...Object.fromEntries(Object.keys(json.server_mappings as object).map((server) => [server, []])),
      ...Object.fromEntries(places.map(([server, database]) => [server, [database]])),
    },
  }));
  estate.configure(`config/categories/${category}.json`, (json) => {
    const [target] = json.targets as readonly object[];
    const chunk = { by: 'date', grain: 'day', onePass: true, scanRows };
    return { ...json, consistency: 'quiesced', targets: [{ ...target, chunk }] };
  });
}

/** Digests of the join by another route, and of the target: equal where the run was exact. */
export async function digests(
  estate: Estate,
): Promise<{ readonly expected: string; readonly found: string }> {
  const sources = await Promise.all(places.map(([server, database]) => estate.source(server, database)));
  return { expected: digest(await joinedRows(sources)), found: digest(await targetRows(estate.postgres)) };
}

interface Fault {
  /** So many times the stream of a range breaks off in its middle. */
  readonly breaks?: number;
  /** Every range is refused. */
  readonly fails?: boolean;
  /** So many ranges are read unharmed first. */
  readonly after?: number;
  /** Ranges beyond so many wait until `release`. */
  readonly holds?: number;
}

/** Counts what is read, and meddles with it. */
export class Reading {
  readonly ranges: string[] = [];
  /** Ranges of an earlier run that the source still held. */
  readonly proven: string[] = [];
  mendedAt = 0;
  readonly #rows = new Map<string, number>();
  #breaks: number;
  #fails: boolean;
  #spare: number;
  release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  constructor(private readonly fault: Fault = {}) {
    this.#breaks = fault.breaks ?? 0;
    this.#fails = fault.fails ?? false;
    this.#spare = fault.after ?? 0;
  }

  /** Rows of complete readings, by `server/database` and table. */
  rowsOf(place: string, table: string): number {
    return this.#rows.get(`${place} ${table}`) ?? 0;
  }

  mend(): void {
    this.#fails = false;
    this.mendedAt = this.ranges.length;
  }

  readonly activities = (own: Activities): Partial<Activities> => ({
    scanRange: async (ref: RangeRef) => {
      if (this.fault.holds !== undefined && this.ranges.length >= this.fault.holds) {
        await this.#released;
      }
      this.ranges.push(ref.rangeId);
      const read = await own.scanRange(ref);
      if (read.reused) this.proven.push(ref.rangeId);
      return read;
    },
  });

  readonly dependencies = (own: Dependencies): Dependencies => ({
    ...own,
    openSource: async (config, source, step) => {
      const session = await own.openSource(config, source, step);
      const stream: typeof session.stream = async (statement, params, columns, onBatch, ...rest) => {
        this.#spare -= 1;
        const due = this.#spare < 0;
        if (due && this.#fails) throw new MigrationError('SOURCE_QUERY', 'The test refuses this.');
        const read = await session.stream(
          statement,
          params,
          columns,
          async (batch) => {
            await onBatch(batch);
            this.#breaks -= due ? 1 : 0;
            if (due && this.#breaks >= 0)
              throw new MigrationError('SOURCE_CONNECTION', 'The test broke it off.');
          },
          ...rest,
        );
        const place = `${source.server}/${source.database} ${/FROM \[dbo\]\.\[(\w+)\]/.exec(statement)?.[1]}`;
        this.#rows.set(place, (this.#rows.get(place) ?? 0) + read.rows);
        return read;
      };
      return new Proxy(session, {
        get: (target, name) => {
          if (name === 'stream') return stream;
          if (name === 'inSnapshot')
            return (_: unknown, work: (tx: typeof session) => Promise<unknown>) =>
              work(
                Object.assign(Object.create(null), {
                  place: target.place,
                  query: target.query.bind(target),
                  stream,
                }),
              );
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  });
}
