import type { Client } from 'pg';
import type { Contestant } from './contest.js';
import { foundingTarget } from './founding-join.js';
import { type Ours, type OursRequest, refusalOf } from './ours.js';
import type { FoundingTables, Peer } from './peers/peer.js';
import type { Place } from './place.js';
import { type BenchTable, largeTextTable, sparseTable, unicodeTable, wideTable } from './tables.js';
import { makeJoinTable, makeTable, settle } from './target.js';

/** What the tools are to do; a ratio of the goals is between two tools at one of these. */
export const tasks = {
  copy: 'first table',
  keyed: 'first table, with its key',
  join: 'founding join',
} as const;

/** How a run of the product is called in the figures. */
export function toolOf({ mode, concurrency, checksums }: Omit<OursRequest, 'tables' | 'keyed'>): string {
  return `ours ${mode}, ${concurrency} in flight${checksums ? '' : ', no checksums'}`;
}

export interface Shapes {
  readonly founding: FoundingTables;
  /** Further tables by the task of copying each. */
  readonly others: Readonly<Record<string, BenchTable>>;
}

export const shapesOf = (rows: number): Shapes['others'] => ({
  '100 columns': wideTable(rows),
  '10 KB texts': largeTextTable(rows),
  'nvarchar, not ASCII': unicodeTable(rows),
  '90 % NULL': sparseTable(rows),
});

/** Everyone at every task that it can do, and notes about what it cannot. */
export function contestants(
  { admin, source }: Place,
  ours: Ours,
  peers: readonly Peer[],
  { founding, others }: Shapes,
): { readonly list: readonly Contestant[]; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const list: Contestant[] = [];
  const own = (task: string, request: OursRequest, columns: readonly string[]): void => {
    const tool = toolOf(request);
    const refusal = refusalOf(request, source);
    const run = async () => {
      const figures = await ours.run(request, () => settle(admin));
      return { ...figures, byHandSeconds: await hashByHand(admin, figures.table) };
    };
    if (refusal !== undefined) notes.push(`${task} / ${tool}: ${refusal}`);
    else list.push({ task, tool, rows: rowsOf(request), columns, run });
  };
  const copies = (task: string, table: BenchTable, keyed: boolean, requests: readonly Variant[]): void => {
    const columns = table.definition.columns.map(({ name }) => name);
    for (const variant of requests) own(task, { ...variant, tables: [table], keyed }, columns);
    for (const peer of peers) {
      const run = async () => {
        const into = await makeTable(admin, table, keyed);
        return { ...(await peer.copy(table, into)), table: into };
      };
      list.push({ task, tool: peer.name, rows: table.rows, columns, run });
    }
  };
  const { cell, device } = founding;
  copies(tasks.copy, cell, false, [...variants('direct'), ...variants('staged')]);
  copies(tasks.keyed, cell, true, [plain('direct'), plain('staged')]);
  for (const [task, table] of Object.entries(others))
    copies(task, table, false, [plain('direct'), plain('staged')]);
  const columns = foundingTarget().columns.map(({ name }) => name);
  for (const variant of variants('join'))
    own(tasks.join, { ...variant, tables: [cell, device], keyed: false }, columns);
  for (const { name, join } of peers) {
    if (join === undefined) continue;
    const run = async () => {
      for (const table of [cell, device]) await makeTable(admin, table, false);
      const into = await makeJoinTable(admin);
      return { ...(await join(founding, into)), table: into };
    };
    list.push({ task: tasks.join, tool: name, rows: cell.rows, columns, run });
  }
  return { list, notes };
}

type Variant = Pick<OursRequest, 'mode' | 'concurrency' | 'checksums'>;

function variants(mode: OursRequest['mode']): readonly Variant[] {
  return [1, 2, 4].flatMap((concurrency) =>
    [true, false].map((checksums) => ({ mode, concurrency, checksums })),
  );
}

function plain(mode: OursRequest['mode']): Variant {
  return { mode, concurrency: 1, checksums: true };
}

/** The join is a left one by a key that is unique on the right: it has the rows of its first table. */
function rowsOf({ tables }: OursRequest): number {
  return tables[0]?.rows ?? 0;
}

/** Seconds of what one would type to compare two tables: a count and a sum over all rows' hashes. */
async function hashByHand(admin: Client, table: string): Promise<number> {
  const began = performance.now();
  await admin.query(`SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ${table} AS t`);
  return (performance.now() - began) / 1000;
}
