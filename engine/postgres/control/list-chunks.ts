import { escapeLiteral } from 'pg';
import type { Queryable } from '../connection.js';
import { type Selection, selected, selectionValues } from './selection.js';
import type { ChunkState } from './types.js';

/** A chunk as operators list it. */
export interface ListedChunk {
  /** `<target>/<server>/<database>/<window>`. */
  readonly chunk: string;
  readonly state: ChunkState;
  readonly rowsPlanned: number;
  /** Rows in the stage; absent where there are none of it. */
  readonly rowsImported?: number;
  /** Steps of this run that are done, in their order. */
  readonly steps: readonly string[];
  readonly code?: string;
  readonly message?: string;
  /** ISO, UTC. */
  readonly updatedAt: string;
}

export interface ChunkList extends Selection {
  readonly runId: string;
  readonly states: readonly ChunkState[];
  /** The last chunk of the part of the list that is known already. */
  readonly after?: Position;
  /** Absent for all. */
  readonly limit?: number;
}

/** Where a chunk stands in the order of the list, which is that of the plan. */
export interface Position {
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly ordinal: number;
}

const pageSize = 1_000;

/** Chunks of a run in the order of its plan, a page at a time: never all in memory. */
export async function* iterateChunks(db: Queryable, list: ChunkList): AsyncGenerator<ListedChunk> {
  let { after } = list;
  for (let left = list.limit ?? Number.POSITIVE_INFINITY; left > 0; left -= pageSize) {
    const { rows } = await db.query<ChunkRow>(listSql, listValues(list, after, Math.min(left, pageSize)));
    for (const row of rows) yield toListed(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last;
  }
}

/** The statement that lists the first page, with its values in it, for those who read the tables themselves. */
export function listStatement(list: ChunkList): string {
  const values = listValues(list, list.after, list.limit ?? pageSize).map(literal);
  const text = listSql.replace(/\s+/g, ' ').trim();
  return text.replace(/\$(\d+)/g, (_, at: string) => values[Number(at) - 1] ?? 'NULL');
}

/** Where the chunk of a path stands; undefined where the run has none of that name. */
export async function findPosition(
  db: Queryable,
  runId: string,
  chunk: string,
): Promise<Position | undefined> {
  const end = chunk.lastIndexOf('/');
  const { rows } = await db.query<{ target: string; server: string; database: string; ordinal: number }>(
    `SELECT target, server, database, ordinal FROM migration_control.chunk
      WHERE run_id = $1 AND concat_ws('/', target, server, database) = $2 AND window_label = $3`,
    [runId, chunk.slice(0, Math.max(end, 0)), chunk.slice(end + 1)],
  );
  return rows[0];
}

const listSql = `
  SELECT target, server, database, ordinal, window_label, state, cause_code, cause_message,
         rows_total::float8 AS rows_planned, l.rows::float8 AS rows_imported,
         to_char(c.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS updated_at,
         ARRAY(SELECT s.step FROM migration_control.step s
                WHERE s.run_id = c.run_id AND s.chunk_id = c.chunk_id ORDER BY s.finished_at) AS steps
    FROM (SELECT * FROM migration_control.chunk
           WHERE ${selected}
             AND ($8::text IS NULL OR (target, server, database, ordinal) > ($8, $9, $10, $11::int))
           ORDER BY target, server, database, ordinal LIMIT $12) AS c
    LEFT JOIN (SELECT chunk_id, rows FROM migration_control.ledger) AS l USING (chunk_id)
   ORDER BY target, server, database, ordinal`;

function listValues({ runId, states, ...selection }: ChunkList, after: Position | undefined, limit: number) {
  return [
    ...selectionValues(runId, states, selection),
    ...(after === undefined
      ? [null, null, null, null]
      : [after.target, after.server, after.database, after.ordinal]),
    limit,
  ];
}

function literal(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  return escapeLiteral(Array.isArray(value) ? `{${value.join(',')}}` : String(value));
}

interface ChunkRow extends Position {
  readonly window_label: string;
  readonly state: ChunkState;
  readonly cause_code: string | null;
  readonly cause_message: string | null;
  readonly rows_planned: number;
  readonly rows_imported: number | null;
  readonly updated_at: string;
  readonly steps: readonly string[];
}

function toListed(row: ChunkRow): ListedChunk {
  return {
    chunk: `${row.target}/${row.server}/${row.database}/${row.window_label}`,
    state: row.state,
    rowsPlanned: row.rows_planned,
    ...(row.rows_imported !== null && { rowsImported: row.rows_imported }),
    steps: row.steps,
    ...(row.cause_code !== null && { code: row.cause_code }),
    ...(row.cause_message !== null && { message: row.cause_message }),
    updatedAt: row.updated_at,
  };
}
