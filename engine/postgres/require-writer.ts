import { MigrationError } from '../errors.js';
import type { Target } from './connection.js';

/**
 * Throws TARGET_READ_ONLY where the target takes no writes: better found before a run than by its first chunk. It is
 * retryable, as the name of a cluster may lead to the former writer for some seconds after a fail-over.
 */
export async function requireWriter(target: Target): Promise<void> {
  await target.withClient(async (client) => {
    const { rows } = await client.query<{ reader: boolean; readOnly: boolean }>(
      `SELECT pg_is_in_recovery() AS reader, current_setting('transaction_read_only') = 'on' AS "readOnly"`,
    );
    const reason = reasonOf(rows[0]);
    if (reason !== undefined)
      throw new MigrationError('TARGET_READ_ONLY', `PostgreSQL at ${target.address} ${reason}`);
  });
}

function reasonOf(state: { readonly reader: boolean; readonly readOnly: boolean } | undefined) {
  if (state?.reader === true)
    return 'is a reader, which takes no writes. RDS_ENDPOINT must name the writer: of an Aurora cluster the cluster endpoint, not the one with cluster-ro in its name.';
  if (state?.readOnly === true)
    return 'takes no writes from this role: default_transaction_read_only is on. Turn it off for the role or the database.';
  return undefined;
}
