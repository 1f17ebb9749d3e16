import type { WorkflowHandle } from '@temporalio/client';
import type { Activities, ChunkRef, ReportSummary } from '../../../activities/contract.js';
import type { Dependencies } from '../../../activities/dependencies.js';
import { createActivities } from '../../../activities/index.js';
import { parseEnvironment } from '../../../config/environment.js';
import { createDependencies } from '../../../workers/dependencies.js';
import { workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import type { Estate } from '../../support/estate.js';
import { failureOf, withWorker } from '../../support/temporal.js';

type RunInput = Parameters<typeof migrateCategory>[0];

export interface Steering {
  /** Activities that take the place of the product's own, over those. */
  readonly activities?: (own: Activities) => Partial<Activities>;
  readonly dependencies?: (own: Dependencies) => Dependencies;
  /** What an operator does while the run is under way. */
  readonly during?: (handle: WorkflowHandle<typeof migrateCategory>) => Promise<void>;
}

export interface Outcome {
  readonly summary?: ReportSummary;
  readonly failure?: { readonly type: string; readonly message: string };
}

/** Runs a category to its end, whatever it is, while the test meddles with it. */
export async function steeredRun(estate: Estate, input: RunInput, steering: Steering): Promise<Outcome> {
  const { dependencies, close } = await createDependencies(parseEnvironment(estate.environment), 8);
  try {
    const own = createActivities(steering.dependencies?.(dependencies) ?? dependencies);
    return await withWorker(estate.temporal, { ...own, ...steering.activities?.(own) }, async () => {
      const handle = await estate.temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
        taskQueue,
        workflowId: workflowIds.category(input.category),
        args: [input],
      });
      await steering.during?.(handle);
      return handle.result().then(
        (summary) => ({ summary }),
        async () => ({ failure: await failureOf(handle) }),
      );
    });
  } finally {
    await close();
  }
}

type ChunkStep = 'exportChunk' | 'transformChunk' | 'importChunk' | 'checksumChunk';

/** Does `meddle` once, just before a step of the chunk of `window`. */
export function meddleBefore(
  estate: Estate,
  step: ChunkStep,
  window: string,
  meddle: () => Promise<unknown>,
): Steering {
  let done = false;
  return {
    activities: (own) => ({
      [step]: async (ref: ChunkRef) => {
        const { rows } = await estate.postgres.query(
          'SELECT FROM migration_control.chunk WHERE chunk_id = $1 AND window_label = $2',
          [ref.chunkId, window],
        );
        if (rows.length === 1 && !done) {
          done = true;
          await meddle();
        }
        return own[step](ref);
      },
    }),
  };
}

export interface ChunkRow {
  readonly place: string;
  readonly state: string;
  readonly code: string | null;
  readonly message: string | null;
}

/** The category's chunks as the control table has them, in order. */
export async function chunks(estate: Estate, category: string): Promise<readonly ChunkRow[]> {
  const { rows } = await estate.postgres.query<ChunkRow>(
    `SELECT concat_ws('/', database, window_label) AS place, state, cause_code AS code, cause_message AS message
       FROM migration_control.chunk WHERE category = $1 ORDER BY server, database, ordinal`,
    [category],
  );
  return rows;
}

/** `<place> <state>[ <code>]` of every chunk. */
export async function states(estate: Estate, category: string): Promise<readonly string[]> {
  return (await chunks(estate, category)).map(({ place, state, code }) =>
    [place, state, ...(code === null ? [] : [code])].join(' '),
  );
}

/** Rows of a table as JSON texts by column order, sorted; undefined where there is no such table. */
export async function rowsOf(estate: Estate, table: string): Promise<readonly string[] | undefined> {
  const { rows: found } = await estate.postgres.query('SELECT to_regclass($1) AS oid', [table]);
  if (found[0].oid === null) return undefined;
  const { rows } = await estate.postgres.query<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(t) - 'chunk_id' AS row FROM ${table} AS t`,
  );
  const columns = ['id', 'taken_at', 'note', 'amount', 'dropped', 'device', 'quality'];
  return rows.map(({ row }) => JSON.stringify(columns.filter((c) => c in row).map((c) => row[c]))).sort();
}

/** All of a workflow's history with payloads as text. */
export async function historyText(estate: Estate, workflowId: string): Promise<string> {
  const history = await estate.temporal.client.workflow.getHandle(workflowId).fetchHistory();
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('utf8'));
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(history);
  return texts.join('\n');
}
