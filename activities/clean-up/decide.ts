import type { ObjectInfo } from '../../engine/storage/bucket.js';
import type { ObjectKey } from '../../engine/storage/keys.js';
import type { FoundManifest } from '../../engine/storage/manifest-store.js';
import type { Ages } from './sections.js';

/** An object under a window's prefix. */
export interface WindowEntry extends ObjectInfo {
  /** Whose; absent for the manifest. */
  readonly attempt?: string;
}

/** What is known of a window, looked up after its objects were listed: what came to count meanwhile is found. */
export interface WindowFacts {
  /** Done, or split into parts: no attempt of the window is needed any more. */
  readonly settled: boolean;
  /** Whether a run of the category is in progress. */
  readonly running: boolean;
  readonly manifest?: FoundManifest;
  /** The attempt of a reading whose manifests are still to be put. */
  readonly scan?: string;
}

export interface WindowDecision {
  /** Objects that no manifest counts, and nobody will make count. */
  readonly orphans: readonly ObjectInfo[];
  /** The manifest, and the parts that it counts: it goes first, so that none ever counts what is not there. */
  readonly expired?: {
    readonly manifest: ObjectInfo & { readonly version: string };
    readonly parts: readonly ObjectInfo[];
  };
}

/**
 * What of a window's objects may go. Nothing that its manifest counts goes without it; nothing of a window that is not
 * settled goes while a run is in progress, as it may be of the attempt at work.
 */
export function decideWindow(
  prefix: ObjectKey,
  entries: readonly WindowEntry[],
  facts: WindowFacts,
  ages: Ages,
): WindowDecision {
  const counted = countedBy(facts);
  const idle = facts.settled || !facts.running;
  const orphans = entries.filter(
    (entry) => idle && entry.attempt !== undefined && !counted(entry) && isOld(entry, ages.at, ages.orphanMs),
  );
  const listed = entries.find(({ attempt }) => attempt === undefined);
  const { manifest: found } = facts;
  if (listed === undefined || found === undefined || !facts.settled) return { orphans };
  // By the manifest that was read: what was listed may have been replaced since.
  if (ages.retentionMs === undefined || !isOld(found, ages.at, ages.retentionMs)) return { orphans };
  const { version, lastModified, manifest } = found;
  return {
    orphans,
    expired: {
      manifest: { key: listed.key, bytes: listed.bytes, lastModified, version },
      parts: manifest.parts
        .filter(({ key }) => key.startsWith(prefix))
        .map(({ key, bytes }) => ({ key, bytes, lastModified })),
    },
  };
}

/** Whether a manifest is worth a look: of most objects their age alone says that they stay. */
export function mayGo(
  entries: readonly WindowEntry[],
  facts: Omit<WindowFacts, 'manifest'>,
  ages: Ages,
): boolean {
  return entries.some(({ attempt, lastModified }) =>
    attempt === undefined
      ? facts.settled && ages.retentionMs !== undefined && isOld({ lastModified }, ages.at, ages.retentionMs)
      : (facts.settled || !facts.running) && isOld({ lastModified }, ages.at, ages.orphanMs),
  );
}

/** Why a quarantine file goes; undefined where it stays. */
export function decideQuarantine(
  file: ObjectInfo,
  facts: Omit<WindowFacts, 'manifest'> & {
    /** The file that the ledger names for the window. */
    readonly quarantine?: string;
  },
  ages: Ages,
): 'orphan' | 'retention' | undefined {
  if (!facts.settled && facts.running) return undefined;
  if (file.key !== facts.quarantine) return isOld(file, ages.at, ages.orphanMs) ? 'orphan' : undefined;
  return facts.settled && hasExpired(file, ages) ? 'retention' : undefined;
}

/** Whether an object that nothing depends on is older than it is kept. */
export function hasExpired(object: Pick<ObjectInfo, 'lastModified'>, { at, retentionMs }: Ages): boolean {
  return retentionMs !== undefined && isOld(object, at, retentionMs);
}

/** By key and by attempt: beside its parts an attempt may have written what it was told, and what it has answered. */
function countedBy({ manifest: found, scan }: WindowFacts): (entry: WindowEntry) => boolean {
  const keys = new Set(found?.manifest.parts.map(({ key }) => key));
  const attempts = [found?.manifest.attempt, scan];
  return ({ key, attempt }) => attempts.includes(attempt) || keys.has(key);
}

function isOld({ lastModified }: Pick<ObjectInfo, 'lastModified'>, at: number, ageMs: number): boolean {
  return at - lastModified.getTime() >= ageMs;
}
