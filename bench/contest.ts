import type { Client } from 'pg';
import type { Figures } from './measure.js';

/** One tool at one task. */
export interface Contestant {
  readonly task: string;
  readonly tool: string;
  /** Rows that it must leave in the table. */
  readonly rows: number;
  /** The columns that must hold the same for every tool at this task; none where there is one tool. */
  readonly columns: readonly string[];
  /** Does the task from a clean state, and tells in which table the rows are now. */
  run(): Promise<Figures & ReadBack & { readonly table: string }>;
}

/** What comparing the rows in PostgreSQL takes on top, and what counting and hashing them by hand takes. */
export interface ReadBack {
  readonly readBackSeconds?: number;
  readonly byHandSeconds?: number;
}

export interface Run extends Figures, ReadBack {
  readonly task: string;
  readonly tool: string;
  readonly rows: number;
  /** From 1. */
  readonly run: number;
}

export interface Outcome {
  readonly runs: readonly Run[];
  /** `task / tool: why` of those that cannot take part here or failed. */
  readonly notes: readonly string[];
}

export interface Rounds {
  readonly times: number;
  /** With a run before the first that is not counted: it warms what stays, and its rows are compared between tools. */
  readonly warm: boolean;
}

/** Has all contestants run, by turns, so that a machine that is slow for a while is slow for all. */
export async function contest(
  contestants: readonly Contestant[],
  { times, warm }: Rounds,
  admin: Client,
  say: (line: string) => void,
): Promise<Outcome> {
  const notes: string[] = [];
  const runs: Run[] = [];
  const contents = new Map<string, string>();
  let taking: readonly Contestant[] = contestants;
  for (let run = warm ? 0 : 1; run <= times; run += 1) {
    const failed = new Set<Contestant>();
    for (const contestant of taking) {
      const { task, tool, rows } = contestant;
      try {
        const { table, ...figures } = await contestant.run();
        if (run === 0 && contestant.columns.length > 0) await requireSame(admin, table, contestant, contents);
        else await requireRows(admin, table, rows);
        say(`${run}/${times}  ${task} / ${tool}: ${figures.seconds.toFixed(2)} s`);
        if (run > 0) runs.push({ task, tool, rows, run, ...figures });
      } catch (error) {
        failed.add(contestant);
        notes.push(`${task} / ${tool}: ${error instanceof Error ? error.message : error}`);
        say(notes.at(-1) ?? '');
      }
    }
    taking = taking.filter((contestant) => !failed.has(contestant));
  }
  return { runs, notes };
}

async function requireRows(admin: Client, table: string, rows: number): Promise<void> {
  const counted = await admin.query<{ readonly rows: number }>(
    `SELECT count(*)::float8 AS rows FROM ${table}`,
  );
  const found = counted.rows[0]?.rows;
  if (found !== rows) throw new Error(`left ${found} rows in ${table} instead of ${rows}`);
}

/** The first tool at a task sets what the others must have. */
async function requireSame(
  admin: Client,
  table: string,
  { task, rows, columns }: Contestant,
  contents: Map<string, string>,
): Promise<void> {
  await requireRows(admin, table, rows);
  const list = columns.map((column) => admin.escapeIdentifier(column)).join(', ');
  const { rows: sums } = await admin.query<{ readonly sum: string }>(
    `SELECT coalesce(sum(hashtextextended(row(${list})::text, 0)), 0)::text AS sum FROM ${table}`,
  );
  const sum = sums[0]?.sum ?? '';
  const known = contents.get(task) ?? sum;
  contents.set(task, known);
  if (known !== sum) throw new Error(`left other values in ${table} than the tools before it`);
}
