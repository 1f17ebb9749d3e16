import { wholeDigest } from '../../plan/fingerprint.js';
import type { SetChecksum } from '../../rows/types.js';
import type { Queryable, Target } from '../connection.js';
import { type ChunkRow, chunkColumns, type OwnedChunk, toChunk } from './chunks.js';
import { type ReadRows, readBy } from './ledger.js';
import type { Chunk } from './types.js';
import { member, valid } from './whole-member.js';

/** Chunks that are transformed as one: of a target over all databases, or of one database. */
export interface WholeScope {
  readonly runId: string;
  readonly target: string;
  readonly server?: string;
  readonly database?: string;
}

/** A chunk of a run, and how far it has come. */
export interface WholeMember {
  readonly chunk: Chunk;
  /** Of its export; absent where it has to be exported. */
  readonly attempt?: string;
  /** The whole that its transformed parts are of; absent where they have to be made. */
  readonly whole?: string;
  /** What the stage was given of it; absent where nothing was. */
  readonly imported?: SetChecksum;
}

/** A member whose export is known. */
export type ExportedMember = WholeMember & { readonly attempt: string };

const inScope = `run_id = $1 AND target = $2 AND ($3::text IS NULL OR server = $3)
  AND ($4::text IS NULL OR database = $4)`;

function scopeValues({ runId, target, server, database }: WholeScope): unknown[] {
  return [runId, target, server ?? null, database ?? null];
}

/** Notes what a chunk was exported as; it stays of its whole where the export is the one that is known. */
export async function recordExported(
  db: Queryable,
  { runId, chunkId }: OwnedChunk,
  { fingerprint, epoch }: Pick<Chunk, 'fingerprint' | 'epoch'>,
  attempt: string,
): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.whole_member AS m (chunk_id, fingerprint, epoch, run_id, attempt)
     SELECT chunk_id, fingerprint, epoch, run_id, $5 FROM migration_control.chunk
      WHERE chunk_id = $1 AND run_id = $2 AND fingerprint = $3 AND epoch = $4 FOR KEY SHARE
     ON CONFLICT (chunk_id) DO UPDATE SET
       fingerprint = excluded.fingerprint, epoch = excluded.epoch, run_id = excluded.run_id, attempt = excluded.attempt,
       whole = CASE WHEN m.fingerprint = excluded.fingerprint AND m.epoch = excluded.epoch
                     AND m.attempt = excluded.attempt THEN m.whole END`,
    [chunkId, runId, fingerprint, epoch, attempt],
  );
}

/** Every chunk of the run in the scope, in the order of the plan, but those that are skipped. */
export async function listMembers(db: Queryable, scope: WholeScope): Promise<readonly WholeMember[]> {
  const { rows } = await db.query<MemberRow>(
    `SELECT ${chunkColumns}, attempt, whole, read
       FROM migration_control.chunk c
       LEFT JOIN ${member} ON ${valid}
       LEFT JOIN LATERAL (
         SELECT jsonb_build_object('rows', rows, 'sum', checksum_sum, 'readSum', read_sum, 'quarantine',
                  jsonb_build_object('rows', quarantined_rows, 'sum', quarantined_sum)) AS read
           FROM migration_control.ledger k WHERE k.chunk_id = c.chunk_id AND k.fingerprint = c.fingerprint) l ON true
      WHERE ${inScope} AND state <> 'SKIPPED'
      ORDER BY server, database, ordinal`,
    scopeValues(scope),
  );
  return rows.map(({ attempt, whole, read, ...row }) => ({
    chunk: toChunk(row),
    ...(attempt !== null && { attempt }),
    ...(whole !== null && { whole }),
    ...(read !== null && { imported: importedOf(read) }),
  }));
}

interface MemberRow extends ChunkRow {
  readonly attempt: string | null;
  readonly whole: string | null;
  readonly read: ImportedRow | null;
}

type ImportedRow = Omit<ReadRows, 'readSum'> & { readonly readSum: string | null };

function importedOf({ readSum, ...row }: ImportedRow): SetChecksum {
  return readBy({ ...row, ...(readSum !== null && { readSum }) });
}

/** How many chunks of the run in the scope are skipped. */
export async function countSkipped(db: Queryable, scope: WholeScope): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM migration_control.chunk WHERE ${inScope} AND state = 'SKIPPED'`,
    scopeValues(scope),
  );
  return rows[0]?.n ?? 0;
}

/**
 * Has chunks of the run begin at their source, as their raw parts are gone; those that were exported anew since they were
 * listed, or are another run's, stay as they are.
 */
export async function forgetExports(
  target: Target,
  runId: string,
  members: readonly WholeMember[],
): Promise<void> {
  const ids = members.map(({ chunk }) => chunk.chunkId);
  await target.transaction(async (client) => {
    await client.query(
      'SELECT FROM migration_control.chunk WHERE chunk_id = ANY ($1::bigint[]) ORDER BY chunk_id FOR UPDATE',
      [ids],
    );
    const { rows } = await client.query<{ chunkId: string }>(
      `SELECT chunk_id::text AS "chunkId"
         FROM unnest($2::bigint[], $3::text[]) AS listed (id, known)
         JOIN migration_control.chunk ON chunk_id = id AND run_id = $1
         LEFT JOIN ${member} ON ${valid}
        WHERE attempt IS NOT DISTINCT FROM known`,
      [runId, ids, members.map(({ attempt }) => attempt ?? null)],
    );
    const forgotten = rows.map(({ chunkId }) => chunkId);
    await client.query('DELETE FROM migration_control.whole_member WHERE chunk_id = ANY ($1::bigint[])', [
      forgotten,
    ]);
    await reopen(client, forgotten);
  });
}

/** Whether the members of the scope are those of `whole`: exports may have come, and another run, since it was named. */
export async function isWhole(db: Queryable, scope: WholeScope, whole: string): Promise<boolean> {
  return areOf(await listMembers(db, scope), whole);
}

/**
 * Makes `whole` what its members' transformed parts are of, and those chunks pending again whose rows it has changed.
 * False, with nothing changed, where the members are no longer those of the whole.
 */
export async function publishWhole(
  target: Target,
  scope: WholeScope,
  whole: string,
  changed: readonly string[],
): Promise<boolean> {
  return target.transaction(async (client) => {
    await client.query(`SELECT FROM migration_control.chunk WHERE ${inScope} FOR SHARE`, scopeValues(scope));
    const members = await listMembers(client, scope);
    if (!areOf(members, whole)) return false;
    const ids = members.map(({ chunk }) => chunk.chunkId);
    await client.query(
      'UPDATE migration_control.whole_member SET whole = $2 WHERE chunk_id = ANY ($1::bigint[])',
      [ids, whole],
    );
    await reopen(client, changed);
    return true;
  });
}

export function isExported(member: WholeMember): member is ExportedMember {
  return member.attempt !== undefined;
}

export function digestOf(members: readonly ExportedMember[]): string {
  return wholeDigest(
    members.map(({ chunk: { chunkId, fingerprint }, attempt }) => ({ chunkId, fingerprint, attempt })),
  );
}

function areOf(members: readonly WholeMember[], whole: string): boolean {
  return members.every(isExported) && digestOf(members) === whole;
}

async function reopen(client: Queryable, chunkIds: readonly string[]): Promise<void> {
  await client.query(
    `UPDATE migration_control.chunk SET state = 'PENDING', updated_at = now()
      WHERE chunk_id = ANY ($1::bigint[]) AND state = 'DONE'`,
    [chunkIds],
  );
}

/** The whole that a chunk's transformed parts are of; undefined where they have to be made. */
export async function findWhole(
  db: Queryable,
  { chunkId }: Pick<Chunk, 'chunkId'>,
): Promise<string | undefined> {
  const { rows } = await db.query<{ whole: string | null }>(
    `SELECT whole FROM migration_control.chunk JOIN ${member} ON ${valid} WHERE chunk_id = $1`,
    [chunkId],
  );
  return rows[0]?.whole ?? undefined;
}

/**
 * Parks every pending chunk of a whole that cannot be transformed, and returns how many of
 * it are parked now, be it by an earlier attempt of this. `renew` makes whoever runs them again begin at the source.
 */
export async function parkWhole(
  db: Queryable,
  scope: WholeScope,
  cause: { readonly code: string; readonly message: string },
  renew: boolean,
): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `WITH parked AS (
       UPDATE migration_control.chunk
          SET state = 'NEEDS_ATTENTION', cause_code = $5, cause_message = $6, epoch = epoch + $7::int,
              started_at = NULL, updated_at = now()
        WHERE ${inScope} AND state = 'PENDING' RETURNING 1
     )
     SELECT (SELECT count(*) FROM parked)::int + count(*)::int AS n FROM migration_control.chunk
      WHERE ${inScope} AND state = 'NEEDS_ATTENTION'`,
    [...scopeValues(scope), cause.code, cause.message, renew ? 1 : 0],
  );
  return rows[0]?.n ?? 0;
}
