import { MigrationError } from '../../engine/errors.js';
import type { Dependencies } from '../dependencies.js';
import { runStep, type Step } from '../step.js';
import type { CleanUpCursor, CleanUpPageInput, CleanUpPageResult, ObjectTotal } from './contract.js';
import { type PageRecord, readPage, writePage } from './page-record.js';
import { findDoomed, listPage } from './plan-page.js';
import { removePage } from './remove-page.js';
import { agesFor, type Section, sectionsOf } from './sections.js';
import { isRunning, type Look } from './window-facts.js';

/**
 * One page of a clean-up. Its record is in the stats bucket before anything goes, so that what another attempt of it
 * has begun is finished and told, and is there once more, with what stayed, when all of it is done.
 */
export function cleanUpPage(deps: Dependencies) {
  return (input: CleanUpPageInput): Promise<CleanUpPageResult> =>
    runStep(async (step) => {
      const { stats } = deps.buckets;
      const section = sectionAt(input);
      const look: Look = {
        ...{ deps, category: input.category, wholes: input.rules.wholes },
        running: await isRunning(input.categoryWorkflowId),
        ages: agesFor(section, input.rules),
      };
      const planned = (await readPage(stats, input)) ?? (await plan(look, input, section, step));
      if (!input.apply || planned.stayed !== undefined) return resultOf(planned);
      const stayed = await removePage(look, section, planned, step);
      const done = { ...planned, stayed: [...stayed] };
      await writePage(stats, input, done);
      return resultOf(done);
    });
}

async function plan(look: Look, input: CleanUpPageInput, section: Section, step: Step): Promise<PageRecord> {
  const { buckets } = look.deps;
  const { objects, full } = await listPage(buckets[section.bucket], section, input.cursor.after, step);
  const { doomed, untouched } = await findDoomed(look, section, objects);
  const last = objects.at(-1)?.key;
  const next = nextOf(input, full ? last : undefined);
  const record: PageRecord = {
    version: 1,
    hop: section.hop,
    ...(next !== undefined && { next }),
    seen: objects.length,
    doomed: [...doomed],
    untouched: [...untouched],
  };
  await writePage(buckets.stats, input, record);
  return record;
}

function sectionAt({ category, cursor }: CleanUpPageInput): Section {
  const section = sectionsOf(category)[cursor.section];
  if (section === undefined)
    throw new MigrationError('INTERNAL', `A clean-up has no section ${cursor.section}.`);
  return section;
}

/** On in the section behind `after`, or the next section. */
function nextOf(
  { category, cursor }: CleanUpPageInput,
  after: string | undefined,
): CleanUpCursor | undefined {
  if (after !== undefined) return { section: cursor.section, after };
  const section = cursor.section + 1;
  return section < sectionsOf(category).length ? { section } : undefined;
}

function resultOf({ next, seen, doomed, stayed }: PageRecord): CleanUpPageResult {
  const objects = doomed.flatMap((set) => set.objects);
  const staying = new Set(stayed);
  return {
    ...(next !== undefined && { next }),
    seen,
    found: totalOf(objects),
    removed: totalOf(stayed === undefined ? [] : objects.filter(([key]) => !staying.has(key))),
  };
}

/** Of entries of a page's record. */
export function totalOf(objects: readonly (readonly [string, number, number])[]): ObjectTotal {
  return { objects: objects.length, bytes: objects.reduce((sum, [, bytes]) => sum + bytes, 0) };
}
