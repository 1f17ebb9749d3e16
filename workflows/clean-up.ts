import {
  ApplicationFailure,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  CleanUpActivities,
  CleanUpCursor,
  CleanUpInput,
  CleanUpPageResult,
  CleanUpRules,
  CleanUpSummary,
  ObjectTotal,
} from '../activities/clean-up/contract.js';
import { workflowIds } from './messages.js';
import { cleanUpOptions, maxHistoryEvents, openOptions } from './options.js';
import { outlivingWorkers } from './outliving-workers.js';

export interface CleanUpWorkflowInput extends CleanUpInput {
  /** Absent or false: only finds, and reports, what would go. */
  readonly apply?: boolean;
}

/** What a new execution of the same clean-up takes over from the one before. */
interface CarriedCleanUp extends CleanUpProgress {
  readonly rules: CleanUpRules;
  readonly cursor: CleanUpCursor;
}
interface CleanUpProgress {
  readonly pages: number;
  readonly seen: number;
  readonly found: ObjectTotal;
  readonly removed: ObjectTotal;
}

const allowedKeys = ['category', 'olderThan', 'apply'] satisfies (keyof CleanUpWorkflowInput)[];
const nothing: ObjectTotal = { objects: 0, bytes: 0 };

const opening = outlivingWorkers(proxyActivities<CleanUpActivities>(openOptions));
const cleaning = outlivingWorkers(proxyActivities<CleanUpActivities>(cleanUpOptions));

/**
 * Finds what a category has left in the buckets that nobody needs any more, page by page, and with `apply` takes it
 * away. May run beside a run of the category. Returns the totals and where the report is.
 */
export async function cleanUp(
  input: CleanUpWorkflowInput,
  carried?: CarriedCleanUp,
): Promise<CleanUpSummary> {
  requireOwnInput(input);
  const { category, olderThan, apply = false } = input;
  const rules =
    carried?.rules ??
    (await opening.openCleanUp({ category, ...(olderThan !== undefined && { olderThan }) }));
  const ref = { category, cleanUpId: workflowInfo().firstExecutionRunId, apply, rules };
  let progress: CleanUpProgress = carried ?? { pages: 0, seen: 0, found: nothing, removed: nothing };
  let cursor: CleanUpCursor | undefined = carried?.cursor ?? { section: 0 };
  while (cursor !== undefined) {
    const info = workflowInfo();
    if (info.continueAsNewSuggested || info.historyLength > maxHistoryEvents)
      return continueAsNew<typeof cleanUp>(input, { ...progress, rules, cursor });
    const { next, ...page }: CleanUpPageResult = await cleaning.cleanUpPage({
      ...ref,
      page: progress.pages,
      cursor,
      categoryWorkflowId: workflowIds.category(category),
    });
    progress = {
      pages: progress.pages + 1,
      seen: progress.seen + page.seen,
      found: sum(progress.found, page.found),
      removed: sum(progress.removed, page.removed),
    };
    cursor = next;
    setCurrentDetails(details(apply, progress));
  }
  return cleaning.reportCleanUp({ ...ref, pages: progress.pages });
}

/** Refuses a key that would be passed over without a word, and another id than the one that keeps two clean-ups apart. */
function requireOwnInput(input: CleanUpWorkflowInput | undefined): void {
  const { workflowId } = workflowInfo();
  const keys = Object.keys(input ?? {});
  const unknown = keys.filter((key) => !(allowedKeys as readonly string[]).includes(key));
  if (unknown.length > 0)
    throw refusal(
      'CONFIG_INVALID',
      `Workflow input: unknown key '${unknown.join("', '")}'; allowed keys: ${allowedKeys.join(', ')}.`,
    );
  if (typeof input?.category !== 'string' || !['undefined', 'boolean'].includes(typeof input.apply))
    throw refusal(
      'CONFIG_INVALID',
      `Workflow input: allowed: {"category":"cell_perf_stats"}, with "olderThan" such as "7d", and "apply" true or false.`,
    );
  const expected = workflowIds.cleanUp(input.category);
  // A schedule puts the time of its action behind the id; it keeps its own actions apart by its overlap policy.
  if (workflowId.replace(/-\d{4}-\d\d-\d\dT[\d:]+Z$/, '') !== expected)
    throw refusal(
      'WORKFLOW_ID',
      `cleanUp of '${input.category}' must run under the workflow id '${expected}', not '${workflowId}': ` +
        `start it with --workflow-id ${expected}.`,
    );
}

function refusal(type: 'CONFIG_INVALID' | 'WORKFLOW_ID', message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}

function sum(a: ObjectTotal, b: ObjectTotal): ObjectTotal {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes };
}

function details(apply: boolean, { seen, found, removed }: CleanUpProgress): string {
  const lines = [
    `| objects seen | ${seen} | |`,
    `| to go | ${found.objects} | ${found.bytes} bytes |`,
    ...(apply ? [`| taken away | ${removed.objects} | ${removed.bytes} bytes |`] : []),
  ];
  return [apply ? '**clean-up**' : '**dry run**', '', '| | | |', '|---|---|---|', ...lines].join('\n');
}
