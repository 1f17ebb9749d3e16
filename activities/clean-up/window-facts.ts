import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { MigrationError } from '../../engine/errors.js';
import { type WindowState, windowStates } from '../../engine/postgres/control/window-states.js';
import type { Bucket, ObjectInfo } from '../../engine/storage/bucket.js';
import { manifestKey, type ObjectKey, type WindowLocation } from '../../engine/storage/keys.js';
import { mapInLanes } from '../../engine/storage/lanes.js';
import { asManifest, type FoundManifest } from '../../engine/storage/manifest-store.js';
import { parseWindowKey } from '../../engine/storage/window-key.js';
import type { Dependencies } from '../dependencies.js';
import type { CleanUpRules } from './contract.js';
import type { WindowEntry, WindowFacts } from './decide.js';
import type { Ages } from './sections.js';

/** Who looks, at what moment. */
export interface Look {
  readonly deps: Dependencies;
  readonly category: string;
  readonly wholes: CleanUpRules['wholes'];
  /** Whether a run of the category is in progress. */
  readonly running: boolean;
  readonly ages: Ages;
}

/** Objects of one window. */
export interface WindowGroup {
  readonly window: WindowLocation;
  readonly prefix: ObjectKey;
  readonly subject: string;
  readonly entries: readonly WindowEntry[];
}

/** `unknown`: no chunk is of the window. `damaged`: its manifest cannot be read. */
export type GroupFacts = WindowFacts | 'unknown' | 'damaged';

/** Objects by their windows; what no window has is `foreign`. */
export function groupByWindow(
  hop: 'raw' | 'transformed',
  objects: readonly ObjectInfo[],
): { readonly groups: readonly WindowGroup[]; readonly foreign: readonly ObjectInfo[] } {
  const groups = new Map<ObjectKey, WindowGroup & { readonly entries: WindowEntry[] }>();
  const foreign: ObjectInfo[] = [];
  for (const object of objects) {
    const found = parseWindowKey(hop, object.key);
    if (found === undefined) {
      foreign.push(object);
      continue;
    }
    const { window, prefix, subject, attempt } = found;
    const group = groups.get(prefix) ?? { window, prefix, subject, entries: [] };
    groups.set(prefix, group);
    group.entries.push({ ...object, ...(attempt !== undefined && { attempt }) });
  }
  return { groups: [...groups.values()], foreign };
}

/** Whether a run of the category is in progress, by its workflow: control rows outlive one that was terminated. */
export async function isRunning(categoryWorkflowId: string): Promise<boolean> {
  try {
    return (await getClient().workflow.getHandle(categoryWorkflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/**
 * What the control tables say of windows; undefined for those that no chunk is of. A transform of a whole may be at work
 * for longer than any age, also where all chunks are done: while a run is in progress its windows are not settled.
 */
export async function statesOf(
  { deps, category, wholes, running }: Look,
  windows: readonly WindowLocation[],
): Promise<readonly (WindowState | undefined)[]> {
  const states = await windowStates(deps.target, category, windows, wholes);
  return states.map((state, index) => {
    const target = windows[index]?.target ?? '';
    return state && running && wholes.includes(target) ? { ...state, settled: false } : state;
  });
}

/** What decides about windows of a bucket of parts. Manifests are read `where` they matter, or all of them. */
export async function lookUp(
  look: Look,
  hop: 'raw' | 'transformed',
  groups: readonly WindowGroup[],
  where: (entries: WindowGroup['entries'], facts: WindowFacts) => boolean = () => true,
): Promise<readonly GroupFacts[]> {
  const states = await statesOf(
    look,
    groups.map(({ window }) => window),
  );
  const pairs = groups.map((group, index) => ({ group, state: states[index] }));
  return mapInLanes(pairs, undefined, async ({ group: { entries, prefix }, state }) => {
    if (state === undefined) return 'unknown';
    const { settled, scan } = state;
    const facts = { settled, running: look.running, ...(scan !== undefined && { scan }) };
    if (!where(entries, facts)) return facts;
    const manifest = await readable(look.deps.buckets[hop], prefix);
    if (manifest === 'damaged') return manifest;
    return { ...facts, ...(manifest !== undefined && { manifest }) };
  });
}

/** A damaged manifest is for whoever restarts the window, not for a clean-up. */
async function readable(bucket: Bucket, prefix: ObjectKey): Promise<FoundManifest | 'damaged' | undefined> {
  const found = await bucket.get(manifestKey(prefix));
  try {
    return found && asManifest(found, prefix);
  } catch (error) {
    if (error instanceof MigrationError) return 'damaged';
    throw error;
  }
}
