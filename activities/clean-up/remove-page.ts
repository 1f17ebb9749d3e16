import type { Bucket, ObjectInfo } from '../../engine/storage/bucket.js';
import { mapInLanes } from '../../engine/storage/lanes.js';
import type { Step } from '../step.js';
import { decideWindow } from './decide.js';
import type { PageRecord } from './page-record.js';
import { findDoomed } from './plan-page.js';
import type { Section } from './sections.js';
import { groupByWindow, type Look, lookUp, type WindowGroup } from './window-facts.js';

/**
 * Takes away what a page found, as far as a second look finds the same: it may come hours after the first, where a
 * worker died in between. Returns the keys that stayed. What is gone already counts as taken away.
 */
export async function removePage(
  look: Look,
  section: Section,
  { doomed }: PageRecord,
  step: Step,
): Promise<readonly string[]> {
  const objects = doomed.flatMap((set) =>
    set.objects.map(([key, bytes, at]) => ({ key, bytes, lastModified: new Date(at) })),
  );
  const { kind } = section;
  if (kind === 'raw' || kind === 'transformed') return removeParts(look, kind, objects, step);
  const again = await findDoomed(look, section, objects);
  const keys = new Set(again.doomed.flatMap((set) => set.objects.map(([key]) => key)));
  await deleteAll(look.deps.buckets[section.bucket], [...keys], step);
  return objects.flatMap(({ key }) => (keys.has(key) ? [] : [key]));
}

async function removeParts(
  look: Look,
  hop: 'raw' | 'transformed',
  objects: readonly ObjectInfo[],
  step: Step,
): Promise<readonly string[]> {
  const { groups } = groupByWindow(hop, objects);
  const looked = await lookUp(look, hop, groups);
  const gone = new Set<string>();
  for (const [index, group] of groups.entries()) {
    const facts = looked[index] ?? 'unknown';
    if (facts === 'unknown' || facts === 'damaged') continue;
    for (const key of await removeWindow(
      look.deps.buckets[hop],
      group,
      decideWindow(group.prefix, group.entries, facts, look.ages),
      step,
    ))
      gone.add(key);
    const manifest = group.entries.find(({ attempt }) => attempt === undefined);
    if (manifest !== undefined && facts.manifest === undefined) gone.add(manifest.key);
  }
  return objects.flatMap(({ key }) => (gone.has(key) ? [] : [key]));
}

/** The manifest first: whoever dies behind that has left parts that no manifest counts, which the next clean-up finds. */
async function removeWindow(
  bucket: Bucket,
  { entries }: WindowGroup,
  { orphans, expired }: ReturnType<typeof decideWindow>,
  step: Step,
): Promise<readonly string[]> {
  const found = new Set(entries.map(({ key }) => key));
  const keys = orphans.map(({ key }) => key);
  const gone: string[] = [];
  if (expired !== undefined && (await takeAway(bucket, expired.manifest))) {
    gone.push(expired.manifest.key);
    keys.push(...expired.parts.flatMap(({ key }) => (found.has(key) ? [key] : [])));
  }
  await deleteAll(bucket, keys, step);
  return [...gone, ...keys];
}

/** False where another manifest has taken its place. An answer that was lost may have been a yes. */
async function takeAway(
  bucket: Bucket,
  { key, version }: { readonly key: string; readonly version: string },
): Promise<boolean> {
  return (await bucket.deleteIf(key, version)) || (await bucket.get(key)) === undefined;
}

async function deleteAll(bucket: Bucket, keys: readonly string[], { signal, advance }: Step): Promise<void> {
  await mapInLanes(keys, signal, async (key) => {
    await bucket.delete(key);
    advance(1);
  });
}
