import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { workflowIds } from '../messages.js';

export interface MigrateCategoryInput {
  readonly category: string;
  /** `resume` | `restart`; overrides the migration parameter's `job_mode`. */
  readonly jobMode?: string;
  /** `YYYYMM` | `YYYYMMDD`; overrides the migration parameter's `input_partition`. */
  readonly inputPartition?: string;
}

const allowedKeys = ['category', 'jobMode', 'inputPartition'] satisfies (keyof MigrateCategoryInput)[];

/**
 * Refuses what the workflow was started with before anything else runs: no category, a key that would be passed over
 * without a word (`job_mode` for `jobMode` would turn a restart into a resume), or another workflow id than the
 * category's own: two runs of one category cannot exist, as they would share it (invariant 1).
 */
export function requireOwnInput(input: unknown): asserts input is MigrateCategoryInput {
  const { workflowId } = workflowInfo();
  const example = `for example {"category":"${workflowId.replace(/^migrate\//, '') || 'cell_perf_stats'}"}`;
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw refusal('CONFIG_INVALID', `Workflow input: it is no JSON object; allowed: ${example} (--input).`);
  const unknown = Object.keys(input).filter((key) => !(allowedKeys as readonly string[]).includes(key));
  if (unknown.length > 0)
    throw refusal(
      'CONFIG_INVALID',
      `Workflow input: unknown key '${unknown.join("', '")}'; allowed keys: ${allowedKeys.join(', ')}.`,
    );
  const category: unknown = 'category' in input ? input.category : undefined;
  if (typeof category !== 'string' || category === '')
    throw refusal('CONFIG_INVALID', `Workflow input: field 'category' is no name; allowed: ${example}.`);
  const expected = workflowIds.category(category);
  if (workflowId === expected) return;
  throw refusal(
    'WORKFLOW_ID',
    `migrateCategory of '${category}' must run under the workflow id '${expected}', not '${workflowId}': ` +
      `start it with --workflow-id ${expected}.`,
  );
}

function refusal(type: 'CONFIG_INVALID' | 'WORKFLOW_ID', message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
