import { type Command, InvalidArgumentError } from 'commander';
import { loadTargetEnvironment } from '../../config/environment.js';
import type { Target } from '../../engine/postgres/connection.js';
import {
  type ChunkList,
  findPosition,
  iterateChunks,
  type ListedChunk,
  listStatement,
  type Position,
} from '../../engine/postgres/control/list-chunks.js';
import type { ChunkState } from '../../engine/postgres/control/types.js';
import type { Scope } from '../../workflows/messages.js';
import { categoryCommand, scopeOf, wholeNumber, withScope } from '../category-command.js';
import { CliError } from '../cli-error.js';
import type { Exit } from '../exit-codes.js';
import { shellCommand } from '../explain.js';
import { columns } from '../output/columns.js';
import { count } from '../output/quantities.js';
import { requireRecordedRun } from '../recorded-run.js';
import type { Common, Session } from '../session.js';

interface ChunksOptions extends Common, Scope {
  readonly parked?: true;
  readonly pending?: true;
  readonly done?: true;
  readonly skipped?: true;
  readonly all?: true;
  readonly code?: string;
  readonly run?: string;
  readonly after?: string;
  readonly limit: number | 'all';
}

const states = {
  parked: 'NEEDS_ATTENTION',
  pending: 'PENDING',
  done: 'DONE',
  skipped: 'SKIPPED',
} as const satisfies Record<string, ChunkState>;

/** `migrate chunks`: the long lists, from the control tables; needs the target's environment, but no Temporal. */
export function addChunks(program: Command, session: Session): void {
  withScope(categoryCommand(program, 'chunks', 'list chunks of a run, from the control tables'))
    .option('--parked', 'those that need attention')
    .option('--pending', 'those that are not done yet, running ones included')
    .option('--done', 'those that are done')
    .option('--skipped', 'those that were given up')
    .option('--all', 'of every state (default)')
    .option('--code <code>', 'only those that this code parked')
    .option('--run <id>', 'of this run instead of the latest')
    .option('--after <chunk>', 'go on after this chunk')
    .option('--limit <n|all>', 'at most so many', limit, 100)
    .action((category: string, options: ChunksOptions) =>
      session.perform(options, {
        explain: () => explain(category, options),
        run: () => list(session, category, options),
      }),
    );
}

async function list(session: Session, category: string, options: ChunksOptions): Promise<Exit> {
  const target = await session.target();
  const { runId } = await requireRecordedRun(target, category, options.run);
  const after = options.after === undefined ? undefined : await position(target, runId, options.after);
  // One more than asked for tells whether there is more.
  const limit = options.limit === 'all' ? undefined : options.limit + 1;
  const chunks = iterateChunks(target, {
    ...listOf(runId, options),
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit }),
  });
  const { shown, last, more } = await print(session, options, chunks);
  if (shown === 0) session.note('No chunk is in that list.');
  if (more)
    session.note(`There are more: go on with --after ${shellCommand([last], [])}, or ask for --limit all.`);
  return 'done';
}

const pageSize = 200;

async function print(
  session: Session,
  { json, limit }: ChunksOptions,
  chunks: AsyncGenerator<ListedChunk>,
): Promise<{ readonly shown: number; readonly last: string; readonly more: boolean }> {
  let shown = 0;
  let last = '';
  let page: ListedChunk[] = [];
  const flush = async (): Promise<void> => {
    const lines = json ? page.map((chunk) => JSON.stringify(chunk)) : columns(page.map(cells), [2, 3]);
    await session.write(lines.map((line) => `${line}\n`).join(''));
    page = [];
  };
  for await (const chunk of chunks) {
    if (shown === limit) {
      await flush();
      return { shown, last, more: true };
    }
    page.push(chunk);
    last = chunk.chunk;
    shown += 1;
    if (page.length === pageSize) await flush();
  }
  await flush();
  return { shown, last, more: false };
}

function cells({
  state,
  chunk,
  rowsPlanned,
  rowsImported,
  steps,
  code,
  message,
}: ListedChunk): readonly string[] {
  return [
    state,
    chunk,
    `${count(rowsPlanned)} planned`,
    rowsImported === undefined ? '' : `${count(rowsImported)} imported`,
    steps.at(-1) ?? '',
    code === undefined ? (message ?? '') : `${code}: ${message ?? ''}`,
  ];
}

/** The list itself, from where it is; Temporal knows chunks only while it remembers their workflows. */
function explain(category: string, options: ChunksOptions): readonly string[] {
  const { host, port, database, user } = loadTargetEnvironment();
  const psql = (sql: string): string =>
    shellCommand(
      ['psql'],
      [
        ['-h', host],
        ['-p', String(port)],
        ['-U', user],
        ['-d', database],
        ['-c', sql],
      ],
    );
  const latest = `(SELECT run_id FROM migration_control.run WHERE category = '${category.replaceAll("'", "''")}' ORDER BY started_at DESC LIMIT 1)`;
  const { limit } = options;
  const statement = listStatement({
    ...listOf(options.run ?? placeholder, options),
    ...(limit !== 'all' && { limit }),
  });
  return [
    '# The lists are in the control tables of the target; Temporal has only a workflow for each chunk that ran.',
    psql(options.run === undefined ? statement.replaceAll(`'${placeholder}'`, latest) : statement),
  ];
}

const placeholder = 'run_id of the latest run';

function listOf(runId: string, options: ChunksOptions): ChunkList {
  const chosen = (Object.keys(states) as (keyof typeof states)[]).filter((name) => options[name]);
  const names = options.all || chosen.length === 0 ? (Object.keys(states) as typeof chosen) : chosen;
  return {
    runId,
    states: names.map((name) => states[name]),
    ...scopeOf(options),
    ...(options.code !== undefined && { code: options.code }),
  };
}

async function position(target: Target, runId: string, chunk: string): Promise<Position> {
  const found = await findPosition(target, runId, chunk);
  if (found !== undefined) return found;
  throw new CliError(
    'refused',
    `the run has no chunk '${chunk}' to go on after: take one that the list printed.`,
  );
}

function limit(text: string): number | 'all' {
  if (text === 'all') return text;
  const number = wholeNumber(text);
  if (number > 0) return number;
  throw new InvalidArgumentError("It must be a number from 1, or 'all'.");
}
