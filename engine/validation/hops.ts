import { type ErrorCode, MigrationError } from '../errors.js';
import type { SetChecksum } from '../rows/types.js';
import { describeDifference, equalChecksums } from './set-checksum.js';

/**
 * The places where rows rest, in the order in which they move; in quarantine rest those of transformed that the
 * stage cannot hold, so that both together are compared with it.
 */
const hops = ['source', 'raw', 'transformed', 'quarantine', 'stage', 'target'] as const;
export type Hop = (typeof hops)[number];
/** A hop that has one before it to be compared with. */
export type CheckedHop = Exclude<Hop, 'source' | 'quarantine'>;

interface Check {
  readonly before: Hop;
  readonly code: ErrorCode;
  readonly advice: string;
}

const checks = {
  raw: {
    before: 'source',
    code: 'CHECKSUM_EXPORT',
    advice:
      'The source may have changed outside the snapshot, or a value was read wrongly: retry the chunk, and if it happens again compare the two tables row by row.',
  },
  transformed: {
    before: 'raw',
    code: 'CHECKSUM_TRANSFORM',
    advice:
      'The transform drops, repeats or changes rows of its source: check its SQL, then start the category again.',
  },
  stage: {
    before: 'transformed',
    code: 'CHECKSUM_STAGE',
    advice:
      'Rows of the stage table were changed after the import: find who writes to it, then retry the chunk, which imports it again.',
  },
  target: {
    before: 'stage',
    code: 'CHECKSUM_TARGET',
    advice: 'The new table was not swapped in: check for triggers or writers on it, then finalize again.',
  },
} as const satisfies Record<CheckedHop, Check>;

/**
 * Requires that a hop holds what the hop before it held. `context` says of what, for a person: chunk, table,
 * server and database; never values of rows.
 * @throws MigrationError CHECKSUM_EXPORT, _TRANSFORM, _STAGE or _TARGET, by the hop.
 */
export function requireEqual(
  hop: CheckedHop,
  expected: SetChecksum,
  actual: SetChecksum,
  context: string,
): void {
  if (equalChecksums(expected, actual)) return;
  const { before, code, advice } = checks[hop];
  throw new MigrationError(
    code,
    `${context}: ${describeDifference(expected, actual, [before, hop])}. ${advice}`,
  );
}
