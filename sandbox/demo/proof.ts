import Table from 'cli-table3';
import { type HopChecksum, hexSum } from './control.js';

const hopsOfDatabase: readonly string[] = ['source', 'raw', 'transformed', 'stage'];

export interface Proof {
  readonly lines: readonly ProofLine[];
  readonly holds: boolean;
}

interface ProofLine extends HopChecksum {
  /** Undefined for the first hop of a subject: there is nothing before it. */
  readonly equal: boolean | undefined;
}

/**
 * Compares each hop with the one before it, by its own reading of the sums and by what the run recorded; both
 * must say equal. A database without all of `source, raw, transformed, stage`, or a run without its target, is
 * no proof.
 */
export function prove(checksums: readonly HopChecksum[], databases: readonly string[]): Proof {
  const ordered = [...checksums].sort(byPlace);
  const lines = ordered.map((line) => ({ ...line, equal: verdict(line, checksums) }));
  const reached = new Set(lines.map(({ server, database, hop }) => `${server}/${database} ${hop}`));
  const complete =
    lines.some(({ hop, equal }) => hop === 'target' && equal) &&
    databases.every((place) => hopsOfDatabase.every((hop) => reached.has(`${place} ${hop}`)));
  return { lines, holds: complete && lines.every(({ equal }) => equal !== false) };
}

/** By server and database; the target, which is of all of them, last. */
function byPlace(a: HopChecksum, b: HopChecksum): number {
  const key = ({ server, database, hop, subject }: HopChecksum) =>
    [hop === 'target' ? 1 : 0, server, database, hopsOfDatabase.indexOf(hop), subject].join('\0');
  return key(a) < key(b) ? -1 : 1;
}

function verdict(line: HopChecksum, all: readonly HopChecksum[]): boolean | undefined {
  const before = directlyComparable(line, all);
  const own = before === undefined ? undefined : before.rows === line.rows && before.sum === line.sum;
  if (own === false || line.matches === false) return false;
  return own ?? line.matches ?? undefined;
}

/** Between raw and transformed lies a join: only the run itself compares those, on the rows that matched. */
function directlyComparable(
  line: HopChecksum,
  all: readonly HopChecksum[],
): Pick<HopChecksum, 'rows' | 'sum'> | undefined {
  if (line.hop === 'target')
    return total(all.filter(({ hop, subject }) => hop === 'stage' && subject === line.subject));
  const before = { raw: 'source', stage: 'transformed' }[line.hop];
  return all.find(
    (other) =>
      other.hop === before &&
      other.server === line.server &&
      other.database === line.database &&
      other.subject === line.subject,
  );
}

function total(lines: readonly HopChecksum[]): Pick<HopChecksum, 'rows' | 'sum'> {
  return {
    rows: lines.reduce((rows, line) => rows + line.rows, 0),
    sum: hexSum(lines.reduce((sum, line) => sum + BigInt(`0x${line.sum}`), 0n)),
  };
}

/** The proof as a table for a terminal. */
export function renderProof({ lines }: Proof): string {
  const table = new Table({
    head: ['server', 'database', 'hop', 'rows of', 'rows', 'checksum', 'by', ''],
    colAligns: ['left', 'left', 'left', 'left', 'right', 'left', 'left', 'center'],
    style: { head: [], border: [], compact: true },
  });
  for (const { server, database, hop, subject, rows, sum, method, equal } of lines) {
    const mark = equal === undefined ? '' : equal ? '✓' : '✗';
    table.push([server, database, hop, subject, rows.toLocaleString('en'), sum, method, mark]);
  }
  return `${table}
source = raw = transformed (of a source table: its columns through the join, the right side on its matched rows);
transformed = stage (of the target's rows); stages of all databases = target.`;
}
