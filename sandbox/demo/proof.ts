import Table from 'cli-table3';
import type { HopChecksum } from './control.js';

const hopOrder: readonly string[] = ['source', 'raw', 'transformed', 'stage', 'target'];

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
 * must say equal. A database with fewer hops than `source, raw, transformed, stage` proves nothing.
 */
export function prove(checksums: readonly HopChecksum[], databases: readonly string[]): Proof {
  const ordered = [...checksums].sort((a, b) => sortKey(a).localeCompare(sortKey(b)));
  const lines = ordered.map((line) => ({ ...line, equal: verdict(line, checksums) }));
  const proven = (place: string) => {
    const hops = new Set(
      lines.filter((line) => `${line.server}/${line.database}` === place).map(({ hop }) => hop),
    );
    return ['source', 'raw', 'transformed', 'stage'].every((hop) => hops.has(hop));
  };
  return { lines, holds: lines.every(({ equal }) => equal !== false) && databases.every(proven) };
}

function sortKey({ server, database, hop, subject }: HopChecksum): string {
  return [server, database, hopOrder.indexOf(hop), subject].join('\0');
}

function verdict(line: HopChecksum, all: readonly HopChecksum[]): boolean | undefined {
  const before = directlyComparable(line, all);
  const own = before === undefined ? undefined : before.rows === line.rows && before.sum === line.sum;
  if (own === false || line.matches === false) return false;
  return own ?? line.matches ?? undefined;
}

/** Between raw and transformed lies a join: only the run itself compares those, on the rows that matched. */
function directlyComparable(line: HopChecksum, all: readonly HopChecksum[]): HopChecksum | undefined {
  const before = { raw: 'source', stage: 'transformed', target: 'stage' }[line.hop];
  return all.find(
    (other) =>
      other.hop === before &&
      other.server === line.server &&
      other.database === line.database &&
      other.subject === line.subject,
  );
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
  return table.toString();
}
