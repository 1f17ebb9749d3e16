import { closest, distance } from 'fastest-levenshtein';
import type { RunConfig } from '../../../config/run-config.js';
import { MigrationError } from '../../errors.js';
import type { Queryable } from '../connection.js';
import type { ChunkState } from './types.js';

/** Which chunks of a run somebody means; an absent name stands for all. */
export interface Selection {
  readonly target?: string;
  readonly server?: string;
  readonly database?: string;
  readonly window?: string;
  /** The code that parked them. */
  readonly code?: string;
}

/** One chunk, by its name. */
export type NamedChunk = Required<Omit<Selection, 'code'>>;

/** What a run reads and fills: all that a chunk can be named by. */
export type RunNames = Pick<RunConfig, 'category' | 'targets' | 'databases'>;

const shownNames = 3;

/**
 * `<target>/<server>/<database>/<window>` taken apart. Names may hold slashes, labels never do.
 * Throws CHUNK_UNKNOWN, naming the nearest, where the run has no such database.
 */
export function selectionOf(config: RunNames, chunk: string): NamedChunk {
  const places = config.targets.flatMap(({ name }) =>
    config.databases.map(({ server, database }) => ({ target: name, server, database })),
  );
  const end = chunk.lastIndexOf('/');
  const wanted = chunk.slice(0, Math.max(end, 0));
  const found = places.find((place) => pathOf(place) === wanted);
  if (found !== undefined) return { ...found, window: chunk.slice(end + 1) };
  const near = nearest(wanted, places.map(pathOf)).map((path) => `${path}/${chunk.slice(end + 1)}`);
  throw unknown(chunk, near, config.category);
}

/** Throws CHUNK_UNKNOWN for a target, server or database that the run does not have. */
export function requireNames(config: RunNames, { target, server, database }: Selection): void {
  const { targets, databases } = config;
  for (const [what, name, known] of [
    ['target', target, targets.map((candidate) => candidate.name)],
    ['server', server, databases.map((candidate) => candidate.server)],
    ['database', database, databases.map((candidate) => candidate.database)],
  ] as const)
    if (name !== undefined && !known.includes(name))
      throw new MigrationError(
        'CHUNK_UNKNOWN',
        `This run has no ${what} '${name}' (nearest: '${closest(name, known)}').`,
      );
}

/**
 * Throws CHUNK_UNKNOWN, naming the nearest, unless the run has a chunk of that window, in whatever state; one that
 * was split counts, as the message that split it may arrive twice.
 */
export async function requireChunk(
  db: Queryable,
  runId: string,
  category: string,
  selection: NamedChunk,
): Promise<void> {
  const { target, server, database, window } = selection;
  const { rows } = await db.query<{ label: string }>(
    `SELECT window_label AS label FROM migration_control.chunk
      WHERE category = $2 AND target = $3 AND server = $4 AND database = $5 AND (run_id = $1 OR state = 'SPLIT')`,
    [runId, category, target, server, database],
  );
  const labels = rows.map(({ label }) => label);
  if (labels.includes(window)) return;
  const near = nearest(window, labels).map((label) => `${pathOf(selection)}/${label}`);
  throw unknown(`${pathOf(selection)}/${window}`, near, category);
}

/** Conditions on `chunk`, over the values of `selectionValues`. */
export const selected = `run_id = $1 AND state = ANY ($2) AND ($3::text IS NULL OR target = $3)
  AND ($4::text IS NULL OR server = $4) AND ($5::text IS NULL OR database = $5)
  AND ($6::text IS NULL OR window_label = $6) AND ($7::text IS NULL OR cause_code = $7)`;

export function selectionValues(
  runId: string,
  states: readonly ChunkState[],
  { target, server, database, window, code }: Selection,
): unknown[] {
  return [runId, states, target ?? null, server ?? null, database ?? null, window ?? null, code ?? null];
}

function pathOf({ target, server, database }: Selection): string {
  return `${target}/${server}/${database}`;
}

function nearest(wanted: string, known: readonly string[]): readonly string[] {
  const ranked = known.map((name) => ({ name, away: distance(wanted, name) }));
  return ranked
    .sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1))
    .slice(0, shownNames)
    .map(({ name }) => name);
}

function unknown(chunk: string, near: readonly string[], category: string): MigrationError {
  const names = near.length === 0 ? '' : ` (nearest: ${near.map((path) => `'${path}'`).join(', ')})`;
  return new MigrationError(
    'CHUNK_UNKNOWN',
    `This run has no chunk '${chunk}'${names}. List those that wait for somebody by: migrate chunks ${category} --parked.`,
  );
}
