import { MigrationError } from '../../engine/errors.js';
import type { Dependencies } from '../dependencies.js';
import { runStep } from '../step.js';
import { totalOf } from './clean-up-page.js';
import type { CleanUpGroup, CleanUpReportInput, CleanUpSummary, ObjectTotal } from './contract.js';
import { type PageRecord, readPage } from './page-record.js';
import { cleanUpPrefix } from './sections.js';

/** Groups that a workflow's history can hold. */
const shownGroups = 50;
const nothing: ObjectTotal = { objects: 0, bytes: 0 };

/** One object that says what was found and what was taken away, by hop, table and reason; pages are read one at a time. */
export function reportCleanUp({ buckets: { stats } }: Dependencies) {
  return (input: CleanUpReportInput): Promise<CleanUpSummary> =>
    runStep(async (step) => {
      const { category, cleanUpId, apply, rules } = input;
      const groups = new Groups();
      let seen = 0;
      for (let page = 0; page < input.pages; page += 1) {
        step.signal.throwIfAborted();
        const record = await readPage(stats, { category, cleanUpId, page });
        if (record === undefined)
          throw new MigrationError(
            'STORAGE_IO',
            `Page ${page} of this clean-up is gone from ${stats.url}; what it took away stays so. Start another clean-up.`,
          );
        seen += record.seen;
        groups.add(record);
        step.advance(1);
      }
      const key = `${cleanUpPrefix(category, cleanUpId)}report.json`;
      const report = `${stats.url.replace(/\/$/, '')}/${key}`;
      const sorted = groups.sorted();
      const doomed = sorted.filter(({ reason }) => reason === 'orphan' || reason === 'retention');
      const head = {
        ...{ category, applied: apply, report, seen },
        found: doomed.map(({ found }) => found).reduce(sum, nothing),
        removed: doomed.map(({ removed }) => removed).reduce(sum, nothing),
      };
      await stats.put(key, `${JSON.stringify({ ...head, cleanUpId, rules, groups: sorted }, null, 2)}\n`);
      return { ...head, groups: sorted.slice(0, shownGroups) };
    });
}

/** Adds up what pages say, by hop, subject and reason. */
class Groups {
  readonly #groups = new Map<string, CleanUpGroup>();

  add({ hop, doomed, untouched, stayed }: PageRecord): void {
    const staying = new Set(stayed);
    for (const { subject, reason, objects } of doomed)
      this.#merge({
        ...{ hop, subject, reason },
        found: totalOf(objects),
        removed: totalOf(stayed === undefined ? [] : objects.filter(([key]) => !staying.has(key))),
        examples: objects.slice(0, 3).map(([key]) => key),
      });
    for (const { reason, objects, bytes, examples } of untouched)
      this.#merge({ hop, subject: '', reason, found: { objects, bytes }, removed: nothing, examples });
  }

  /** The largest first. */
  sorted(): readonly CleanUpGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.found.bytes - a.found.bytes);
  }

  #merge(group: CleanUpGroup): void {
    const key = JSON.stringify([group.hop, group.subject, group.reason]);
    const known = this.#groups.get(key);
    this.#groups.set(
      key,
      known === undefined
        ? group
        : {
            ...known,
            found: sum(known.found, group.found),
            removed: sum(known.removed, group.removed),
            examples: [...known.examples, ...group.examples].slice(0, 3),
          },
    );
  }
}

function sum(a: ObjectTotal, b: ObjectTotal): ObjectTotal {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes };
}
