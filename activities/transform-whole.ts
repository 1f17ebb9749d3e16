import { about } from '../engine/errors.js';
import { recordResults } from '../engine/postgres/control/results.js';
import {
  countSkipped,
  digestOf,
  type ExportedMember,
  forgetExports,
  isExported,
  isWhole,
  listMembers,
  publishWhole,
} from '../engine/postgres/control/wholes.js';
import { mapInLanes } from '../engine/storage/lanes.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { publishManifest, readManifest } from '../engine/storage/manifest-store.js';
import type { TransformOutcome } from '../engine/transform/engine.js';
import { equalChecksums } from '../engine/validation/set-checksum.js';
import type { WholeRef, WholeResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { rawChecksums, readRaw } from './export-chunk.js';
import { type ChunkContext, type RunContexts, transformedPlace } from './run-context.js';
import { logRun } from './run-log.js';
import { scratchDirectory } from './scratch.js';
import { runStep, type Step } from './step.js';
import { transformedChecksums, transformedManifest } from './transform-chunk.js';
import { transformEngine } from './transform-engine.js';

/**
 * Raw -> transformed of all chunks of a whole at once. A whole that is transformed already is found by the digest of its
 * exports and left as it is. Chunks that an earlier whole has filled are pending again where this one gives them other
 * rows.
 */
export function transformWhole(deps: Dependencies, contexts: RunContexts) {
  return (ref: WholeRef): Promise<WholeResult> =>
    runStep(async (step) => {
      const { config } = await contexts.of(ref.runId);
      step.stallAfter(config.stallSeconds);
      const skipped = await countSkipped(deps.target, ref);
      const state = await about(placeOf(ref), () => bringTogether(deps, contexts, ref, step));
      const pending = (await listMembers(deps.target, ref)).filter(({ chunk }) => chunk.state === 'PENDING');
      return { state, pending: pending.length, skipped };
    });
}

async function bringTogether(
  deps: Dependencies,
  contexts: RunContexts,
  ref: WholeRef,
  step: Step,
): Promise<WholeResult['state']> {
  const members = await listMembers(deps.target, ref);
  const exported = members.flatMap((member) => (isExported(member) ? [member] : []));
  const unexported = members.filter((member) => !isExported(member));
  if (unexported.some(({ chunk }) => chunk.state !== 'NEEDS_ATTENTION')) {
    await forgetExports(deps.target, ref.runId, unexported);
    return 'unexported';
  }
  if (members.some(({ chunk }) => chunk.state === 'NEEDS_ATTENTION')) return 'parked';
  const whole = digestOf(exported);
  const parts = await inTurn(exported, step, (member) => partsOf(deps, contexts, ref, member, whole));
  if (isTransformed(parts, whole)) return 'transformed';
  const lost = exported.filter((_, index) => parts[index]?.raw === undefined);
  if (lost.length > 0) {
    await forgetExports(deps.target, ref.runId, lost);
    return 'unexported';
  }
  const manifests = parts.every(({ transformed }) => transformed !== undefined)
    ? parts.flatMap(({ transformed }) => transformed ?? [])
    : await transform(deps, ref, parts, whole, step);
  if (manifests === undefined) return 'unexported';
  const changed = parts.filter(({ imported }, index) => {
    const manifest = manifests[index];
    return imported === undefined || manifest === undefined || !equalChecksums(imported, manifest.checksum);
  });
  const ids = changed.map(({ context }) => context.chunk.chunkId);
  return (await publishWhole(deps.target, ref, whole, ids)) ? 'transformed' : 'unexported';
}

/** A chunk of the whole, and what the buckets have of it. */
interface MemberParts extends Pick<ExportedMember, 'imported' | 'whole'> {
  readonly context: ChunkContext;
  /** Absent where the parts of its export are gone. */
  readonly raw?: readonly Manifest[];
  /** Absent where they are of another whole, or gone. */
  readonly transformed?: Manifest;
}

async function partsOf(
  deps: Dependencies,
  contexts: RunContexts,
  { runId }: WholeRef,
  { chunk, attempt, ...known }: ExportedMember,
  whole: string,
): Promise<MemberParts> {
  const context = await contexts.chunk({ runId, chunkId: chunk.chunkId }, async () => chunk);
  const raw = await readRaw(deps, context);
  const { prefix, fingerprint } = transformedPlace(context, whole);
  const found = await readManifest(deps.buckets.transformed, prefix);
  return {
    ...known,
    context,
    ...(raw?.[0]?.attempt === attempt && { raw }),
    ...(found?.fingerprint === fingerprint && { transformed: found }),
  };
}

/** Chunks that are done need no parts any more. */
function isTransformed(parts: readonly MemberParts[], whole: string): boolean {
  return parts.every(
    (member) =>
      member.whole === whole && (member.transformed !== undefined || member.context.chunk.state === 'DONE'),
  );
}

/** Undefined where the exports are no longer those of the whole: what is left to be kept of it would undo what is newer. */
async function transform(
  deps: Dependencies,
  ref: WholeRef,
  parts: readonly MemberParts[],
  whole: string,
  step: Step,
): Promise<readonly Manifest[] | undefined> {
  const [first] = parts;
  if (first === undefined) return [];
  const { config, target } = first.context;
  const scratch = await scratchDirectory(deps.spillDirectory);
  const started = performance.now();
  try {
    const { engine, attempt } = await transformEngine(deps, config, step, scratch.path, {
      // An attempt that finds other exports takes no run over that has read these.
      part: `whole-${whole.slice(0, 16)}`,
      work: { whole: placeOf(ref) },
    });
    const outcomes = await engine.transformWhole({
      target,
      windows: parts.map(({ context, raw = [] }) => ({
        sources: raw.map((manifest, index) => ({
          table: context.sources[index]?.table ?? '',
          manifest,
          bucket: deps.buckets.raw,
        })),
        prefix: transformedPlace(context, whole).prefix,
      })),
      output: { bucket: deps.buckets.transformed, attempt },
      partRows: config.storage.partRows,
      ...(target.joinKeys !== undefined && { joinKeys: target.joinKeys }),
      signal: step.signal,
      onProgress: () => step.advance(1),
      onWaiting: step.waiting,
    });
    const seconds = (performance.now() - started) / 1000 / parts.length;
    logRun(config, 'INFO', 'transform of a whole done', { target: target.name, chunks: parts.length });
    const pairs = parts.map((member, index) => ({ member, outcome: outcomes[index] as TransformOutcome }));
    const manifests: Manifest[] = [];
    for (let at = 0; at < pairs.length; at += keptAtOnce) {
      if (!(await isWhole(deps.target, ref, whole))) return undefined;
      const group = await inTurn(pairs.slice(at, at + keptAtOnce), step, ({ member, outcome }) =>
        keep(deps, ref.runId, member, outcome, { whole, attempt, seconds }),
      );
      manifests.push(...group);
    }
    return manifests;
  } finally {
    await scratch.remove();
  }
}

/** Chunks whose results are kept behind one look at whether the whole still counts: it lists all of them. */
const keptAtOnce = 64;

/** Records what was proved of a chunk, then makes its parts count. `seconds` is its share of the whole's. */
async function keep(
  deps: Dependencies,
  runId: string,
  { context, raw = [] }: MemberParts,
  outcome: TransformOutcome,
  { whole, attempt, seconds }: { readonly whole: string; readonly attempt: string; readonly seconds: number },
): Promise<Manifest> {
  const { rows, bytes, joinMismatches } = outcome;
  await recordResults(
    deps.target,
    { runId, chunkId: context.chunk.chunkId },
    {
      steps: [{ step: 'transform', rows, bytes, seconds, reused: false, joinMismatches }],
      checksums: [...rawChecksums(context, raw), ...transformedChecksums(context, outcome)],
    },
  );
  const { prefix, fingerprint } = transformedPlace(context, whole);
  const manifest = transformedManifest(context, outcome, { fingerprint, attempt });
  return publishManifest(deps.buckets.transformed, prefix, manifest);
}

/** `work` for each, some at a time, in order; each one that ends is progress. */
function inTurn<T, R>(
  items: readonly T[],
  { signal, advance }: Step,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  return mapInLanes(items, signal, async (item) => {
    const result = await work(item);
    advance(1);
    return result;
  });
}

function placeOf({ target, server, database }: WholeRef): string {
  return database === undefined ? `${target}, all databases` : `${target} ${server}/${database}, all windows`;
}
