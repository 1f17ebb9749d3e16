import { createHash } from 'node:crypto';
import type { SourceTable, TargetConfig } from '../../config/run-config.js';
import { checksumVersion } from '../rows/canonical.js';
import type { Column } from '../rows/types.js';
import type { Window } from './windows.js';

/** Changes when the engine joins, casts or folds in another way: what the old one made must be made again. */
const transformVersion = 1;

/**
 * Changes when the layout of Parquet parts or COPY text changes in a way that old parts must not be reused. Whether the
 * worker or a job of Glue wrote them is no part of it: both write this layout, and a checksum proves each content, so a
 * category may change its engine and keep what is done.
 */
const engineVersion = 'duckdb-1';

export interface RawContent {
  readonly server: string;
  readonly database: string;
  readonly source: SourceTable;
  readonly columns: readonly (Column & {
    readonly sourceType: string;
    /** What its reader does with what is no text; `bytes` with all that is text. */
    readonly invalidText?: string;
  })[];
  readonly window: Window;
}

/** Hash of all that decides what one source table's raw parts of one window hold. */
export function rawFingerprint(content: RawContent): string {
  const { server, database, source, columns, window } = content;
  return hash({
    checksumVersion,
    engineVersion,
    server,
    database,
    table: [source.schema, source.table],
    chunkColumn: source.chunkColumn ?? null,
    filter: source.filter ?? null,
    columns: columns.map(({ name, sourceType, nullable, invalidText }) => [
      name,
      sourceType,
      nullable,
      ...(invalidText === undefined ? [] : [invalidText]),
    ]),
    window: [window.from ?? null, window.to ?? null, window.isNull ?? false],
    ...(window.key !== undefined && {
      key: [window.key.of, source.partitionColumn ?? null, window.key.partition ?? null],
    }),
  });
}

/**
 * Of the raw parts themselves: an epoch that was raised (restart, retry) makes all earlier parts, also those that a
 * forgotten attempt may still publish, parts of something else. The ledger's fingerprint knows no epochs, as what a
 * resume compares is what the rows mean.
 */
export function exportFingerprint(raw: string, epoch: number): string {
  return hash({ raw, epoch });
}

/** Hash of all that decides what a chunk's stage rows hold; what the ledger keeps and a resume compares. */
function chunkFingerprint(target: TargetConfig, raw: readonly string[]): string {
  return hash({
    raw,
    transformVersion,
    transform: target.transform?.sql ?? null,
    joinKeys: target.joinKeys ?? null,
    scope: target.scope,
    columns: target.columns.map(({ name, pgType, nullable, policy }) => [
      name,
      pgType,
      nullable,
      policy ?? null,
    ]),
    partitionColumn: target.partitionColumn ?? null,
  });
}

/** What the plan wants of one window: `chunkFingerprint` over all source tables of the target, in their order. */
export function windowFingerprint(
  place: { readonly server: string; readonly database: string },
  target: TargetConfig,
  tables: readonly Pick<RawContent, 'source' | 'columns'>[],
  window: Window,
): string {
  const { server, database } = place;
  return chunkFingerprint(
    target,
    tables.map(({ source, columns }) => rawFingerprint({ server, database, source, columns, window })),
  );
}

/** Of one reading for all windows: what an earlier run has read of it counts only where all of this is as it was. */
export function scanFingerprint(
  windows: readonly { readonly label: string; readonly fingerprint: string; readonly rows: unknown }[],
  scanRows: number,
): string {
  return hash({
    windows: windows.map(({ label, fingerprint, rows }) => [label, fingerprint, rows]),
    scanRows,
  });
}

/** A chunk's transformed parts belong to one export: of its own raw parts, or of all that it was joined with. */
export function transformedFingerprint(chunk: string, exported: string): string {
  return hash({ chunk, exported });
}

/** Names the exports of all chunks that are transformed as a whole: another export of one of them is another whole. */
export function wholeDigest(
  members: readonly { readonly chunkId: string; readonly fingerprint: string; readonly attempt: string }[],
): string {
  const sorted = members
    .map(({ chunkId, fingerprint, attempt }) => [chunkId, fingerprint, attempt].join(' '))
    .sort();
  return hash(sorted);
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
