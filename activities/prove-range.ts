import type { ScanRange } from '../engine/postgres/control/scan-ranges.js';
import { checksumTable } from '../engine/sqlserver/checksum.js';
import { equalChecksums } from '../engine/validation/set-checksum.js';
import type { Dependencies } from './dependencies.js';
import type { TableContext } from './run-context.js';
import { scanPredicate } from './scan-predicate.js';
import { patienceFor, serverHashes } from './source-rows.js';
import type { Step } from './step.js';

/**
 * Whether the source holds the very rows that an earlier run has read of a range, by the server's own hash of them: parts
 * of two runs would else bring two instants together in one window. False also where the server cannot be asked.
 * @throws MigrationError SOURCE_*
 */
export async function sourceStillHolds(
  deps: Dependencies,
  { config, table }: TableContext,
  range: ScanRange & Required<Pick<ScanRange, 'earlier'>>,
  step: Step,
): Promise<boolean> {
  if (!serverHashes(config, table)) return false;
  step.stallAfter(patienceFor(config, range.earlier.checksum.rows));
  const session = await deps.openSource(config, range, step);
  try {
    const predicate = scanPredicate(config, table, range);
    const held = await session.inSnapshot(config.consistency, (tx) =>
      checksumTable(tx, table, table.columns, predicate, step.signal),
    );
    return equalChecksums(range.earlier.checksum, held);
  } finally {
    await session.close();
  }
}
