import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import type {
  CleanUpCursor,
  CleanUpPageInput,
  CleanUpSummary,
} from '../../../../activities/clean-up/contract.js';
import { cleanUpActivities } from '../../../../activities/clean-up/index.js';
import type { Dependencies } from '../../../../activities/dependencies.js';
import { MigrationError } from '../../../../engine/errors.js';
import { manifestKey, partKey } from '../../../../engine/storage/keys.js';
import type { Manifest } from '../../../../engine/storage/manifest.js';
import { parseWindowKey } from '../../../../engine/storage/window-key.js';
import { MemoryBucket } from '../../../support/memory-bucket.js';
import {
  anyWindows,
  fill,
  hourMs,
  type MadeWindow,
  place,
  prefixOf,
  quarantineKeysOf,
} from './arbitrary-estate.js';

const logger = new DefaultLogger('ERROR');
const killed = 'killed by the test';
const at = Date.UTC(2026, 0, 31);
const rules = { at, orphanHours: 48, rawHours: 168, quarantineHours: 168, statsHours: 168 };

/** Buckets and control tables of a test's own. */
class World {
  readonly raw = new MemoryBucket('raw');
  readonly stats = new MemoryBucket('stats');
  readonly #deps: Dependencies;
  #cleanUps = 0;

  constructor(
    readonly windows: readonly MadeWindow[],
    private readonly running: boolean,
    private readonly wholes: readonly string[] = [],
  ) {
    fill(windows, at, this.raw, this.stats);
    const buckets = { raw: this.raw, transformed: new MemoryBucket('transformed'), stats: this.stats };
    // Only what a clean-up asks for.
    this.#deps = {
      buckets,
      target: { query: (text: string, values: unknown[]) => this.#query(text, values) },
    } as unknown as Dependencies;
  }

  async cleanUp(apply: boolean, onFailure: () => void = () => undefined): Promise<CleanUpSummary> {
    const activities = cleanUpActivities(this.#deps);
    this.#cleanUps += 1;
    const ref = {
      category: place.category,
      cleanUpId: `clean-up-${this.#cleanUps}`,
      apply,
      rules: { ...rules, wholes: this.wholes },
    };
    let cursor: CleanUpCursor | undefined = { section: 0 };
    let pages = 0;
    while (cursor !== undefined) {
      const input: CleanUpPageInput = { ...ref, page: pages, cursor, categoryWorkflowId: 'migrate/cat' };
      cursor = (await this.#run(() => activities.cleanUpPage(input), onFailure)).next;
      pages += 1;
    }
    return this.#run(() => activities.reportCleanUp({ ...ref, pages }), onFailure);
  }

  /** Until it comes through, as Temporal does. */
  async #run<T>(work: () => Promise<T>, onFailure: () => void): Promise<T> {
    const describe = async () => ({ status: { name: this.running ? 'RUNNING' : 'COMPLETED' } });
    const client = {
      workflow: { getHandle: () => ({ describe }) },
      withAbortSignal: (_: unknown, call: () => unknown) => call(),
    };
    for (;;) {
      const environment = new MockActivityEnvironment(undefined, { client: client as never, logger });
      try {
        return (await environment.run(work)) as T;
      } catch (error) {
        if (!(error instanceof Error) || error.message !== killed) throw error;
        onFailure();
      }
    }
  }

  async #query(text: string, values: readonly unknown[]): Promise<{ rows: readonly unknown[] }> {
    if (text.includes('to_regclass')) return { rows: [{ made: true }] };
    const labels = values[5] as readonly string[];
    return {
      rows: labels.flatMap((label, index) => {
        const made = this.windows.find((window) => window.label === label);
        if (made === undefined || made.state === 'unknown') return [];
        const [named] = made.named ? quarantineKeysOf(made) : [];
        return [
          { at: index + 1, settled: ['DONE', 'SPLIT'].includes(made.state), quarantine: named ?? null },
        ];
      }),
    };
  }

  /** Everything but what clean-ups write about themselves. */
  keys(): readonly string[] {
    return [...this.raw.objects.keys(), ...this.stats.objects.keys()]
      .filter((key) => !key.startsWith('clean-up/'))
      .sort();
  }

  /** Parts that a manifest counts and that are not there. */
  missing(): readonly string[] {
    return this.windows.flatMap((made) => {
      const body = this.raw.objects.get(manifestKey(prefixOf(made)))?.body;
      if (body === undefined || made.damaged) return [];
      return (JSON.parse(body) as Manifest).parts.flatMap(({ key }) =>
        this.raw.objects.has(key) ? [] : [key],
      );
    });
  }
}

describe('a clean-up', () => {
  it('leaves, of whatever it finds, all that may still be needed, and says exactly what went', async () => {
    await fc.assert(
      fc.asyncProperty(anyWindows, fc.boolean(), async (windows, running) => {
        const world = new World(windows, running);
        const before = world.keys();
        const ages = new Map(
          [...world.raw.objects, ...world.stats.objects].map(([key, { lastModified }]) => [
            key,
            lastModified.getTime(),
          ]),
        );
        const found = await world.cleanUp(false);
        expect(world.keys()).toEqual(before);
        const done = await world.cleanUp(true);
        const gone = before.filter((key) => !world.keys().includes(key));
        expect(done.removed.objects).toBe(gone.length);
        expect(done.removed).toEqual(done.found);
        expect(done.found).toEqual(found.found);
        expect(world.missing()).toEqual([]);
        for (const made of windows) {
          const own = gone.filter((key) => parseWindowKey('raw', key)?.prefix === prefixOf(made));
          const settled = made.state === 'DONE' || made.state === 'SPLIT';
          if (
            made.state === 'unknown' ||
            (made.damaged && made.attempts[made.counted] !== undefined) ||
            (!settled && running)
          )
            expect(own).toEqual([]);
          const counted = before.filter((key) => key.startsWith(`${prefixOf(made)}a${made.counted}/`));
          const manifest = manifestKey(prefixOf(made));
          if (!gone.includes(manifest) && before.includes(manifest))
            for (const key of counted) expect(own).not.toContain(key);
          if (gone.includes(manifest)) expect(settled && made.manifestHours >= 168).toBe(true);
          for (const key of own)
            if (!counted.includes(key))
              expect(at - (ages.get(key) ?? at)).toBeGreaterThanOrEqual(48 * hourMs);
          const [named] = made.named ? quarantineKeysOf(made) : [];
          if (named !== undefined && gone.includes(named))
            expect(settled && (made.quarantine[0] ?? 0) >= 168).toBe(true);
        }
        expect((await world.cleanUp(false)).found.objects).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('ends the same wherever it is killed, and never leaves a manifest without its parts', async () => {
    await fc.assert(
      fc.asyncProperty(anyWindows, async (windows) => {
        const whole = new World(windows, false);
        const { removed } = await whole.cleanUp(true);
        const changes = removed.objects + 20;
        for (let kill = 0; kill < changes; kill += 1) {
          const world = new World(windows, false);
          let left = kill;
          const strike = (): void => {
            if (left === 0) {
              left = -1;
              throw new MigrationError('STORAGE_IO', killed);
            }
            left -= 1;
          };
          world.raw.beforeChange = strike;
          world.stats.beforeChange = strike;
          const summary = await world.cleanUp(true, () => expect(world.missing()).toEqual([]));
          expect(summary.removed).toEqual(removed);
          expect(world.missing()).toEqual([]);
          expect(world.keys()).toEqual(whole.keys());
          if (left >= 0) break;
        }
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  it('leaves the windows of a whole alone while a run is in progress, whatever their age', async () => {
    const made: MadeWindow = {
      label: '20250101',
      state: 'DONE',
      attempts: [[400], [400]],
      counted: 0,
      manifestHours: 400,
      damaged: false,
      quarantine: [400],
      named: true,
    };
    const removed = async (running: boolean) =>
      (await new World([made], running, [place.target]).cleanUp(true)).removed.objects;
    expect(await removed(true)).toBe(0);
    expect(await removed(false)).toBe(4);
  });

  it('takes nothing that has come to count while its worker was down', async () => {
    const made: MadeWindow = {
      label: '20250101',
      state: 'DONE',
      attempts: [[60], [60]],
      counted: 0,
      manifestHours: 60,
      damaged: false,
      quarantine: [],
      named: false,
    };
    const world = new World([made], false);
    const orphan = partKey(prefixOf(made), 'a1', 0);
    let struck = false;
    world.raw.beforeChange = (key) => {
      if (key !== orphan || struck) return;
      struck = true;
      throw new MigrationError('STORAGE_IO', killed);
    };
    const summary = await world.cleanUp(true, () =>
      fill([{ ...made, counted: 1 }], at, world.raw, world.stats),
    );
    expect(struck).toBe(true);
    expect(summary).toMatchObject({ found: { objects: 1 }, removed: { objects: 0 } });
    expect(world.missing()).toEqual([]);
  });
});
