import type { TargetConfig } from '../../config/run-config.js';
import { type CopyTextEncoder, cellsOf, copyTextEncoder } from '../rows/copy-text.js';
import { poisonError, Quarantine } from '../rows/quarantine.js';
import type { RowBatch } from '../rows/types.js';
import type { TargetClient } from './connection.js';
import { type Copied, copyIn } from './copy-in.js';
import { refusalOf } from './copy-refusal.js';
import { quoteName, stageName } from './names.js';

export interface CopyInput {
  readonly table: TargetConfig;
  readonly chunkId: string;
  /** The chunk's rows, from the first one at each call. */
  readonly rows: () => AsyncIterable<RowBatch>;
  /** How many rows may be left out; see `Quarantine`. */
  readonly quarantineLimit: number;
  /** Called after each batch that the server took. */
  readonly onProgress: () => void;
}

/** Every row of one reading is either copied or in the quarantine. */
export interface CopiedRows extends Copied {
  readonly quarantine: Quarantine;
}

/**
 * Copies a chunk's rows into its stage, inside the caller's transaction, but for those that go to quarantine. All go
 * through one COPY. Where the server refuses a row of it, and rows may be left out, the rows come again with a COPY
 * and a savepoint for each batch, so that a refused row costs its own batch once more and no other. The second
 * reading begins with an empty quarantine: what is left out never depends on the first one's order.
 * Throws VALUE_UNREPRESENTABLE where the quarantine takes no (more) rows, and what COPY throws for anything else.
 */
export async function copyRows(client: TargetClient, input: CopyInput): Promise<CopiedRows> {
  const { table, chunkId, quarantineLimit } = input;
  const quarantine = new Quarantine(table.columns, quarantineLimit);
  const lines = linesOf(input.rows(), copyTextEncoder(table.columns, chunkId, quarantine));
  if (quarantineLimit > 0) await client.query('SAVEPOINT whole');
  try {
    return { ...(await copyIn(client, copyStatement(table), lines, input.onProgress)), quarantine };
  } catch (error) {
    const refusal = refusalOf(error, table);
    if (refusal === undefined) throw error;
    if (quarantineLimit === 0) throw poisonError({ ...refusal, ordinal: refusal.line - 1 }, 0);
  }
  // Both readings use one scratch directory.
  await lines.return(undefined);
  await client.query('ROLLBACK TO SAVEPOINT whole');
  return copyByBatch(client, input);
}

async function* linesOf(
  rows: AsyncIterable<RowBatch> | readonly RowBatch[],
  encode: CopyTextEncoder,
  firstOrdinal = 0,
): AsyncGenerator<Buffer, void> {
  let ordinal = firstOrdinal;
  for await (const batch of rows) {
    yield* encode(batch, ordinal);
    ordinal += batch.rows;
  }
}

async function copyByBatch(client: TargetClient, input: CopyInput): Promise<CopiedRows> {
  const quarantine = new Quarantine(input.table.columns, input.quarantineLimit);
  const encode = copyTextEncoder(input.table.columns, input.chunkId, quarantine);
  let ordinal = 0;
  let rows = 0;
  let bytes = 0;
  for await (const batch of input.rows()) {
    const copied = await copyBatch(client, input, { quarantine, encode }, batch, ordinal);
    ordinal += batch.rows;
    rows += copied.rows;
    bytes += copied.bytes;
  }
  return { rows, bytes, quarantine };
}

/** Again and again without the row that the server refused last. */
async function copyBatch(
  client: TargetClient,
  { table, onProgress }: CopyInput,
  { quarantine, encode }: { readonly quarantine: Quarantine; readonly encode: CopyTextEncoder },
  batch: RowBatch,
  firstOrdinal: number,
): Promise<Copied> {
  await client.query('SAVEPOINT batch');
  for (;;) {
    try {
      const lines = linesOf([batch], encode, firstOrdinal);
      const copied = await copyIn(client, copyStatement(table), lines, onProgress);
      await client.query('RELEASE SAVEPOINT batch');
      return copied;
    } catch (error) {
      const refusal = refusalOf(error, table);
      if (refusal === undefined) throw error;
      const ordinal = quarantine.ordinalOf(refusal.line - 1, firstOrdinal);
      quarantine.add({ ...refusal, ordinal, cells: cellsOf(batch, ordinal - firstOrdinal) });
      await client.query('ROLLBACK TO SAVEPOINT batch');
    }
  }
}

function copyStatement(table: TargetConfig): string {
  const columns = [...table.columns.map(({ name }) => quoteName(name)), 'chunk_id'];
  return `COPY ${stageName(table)} (${columns.join(', ')}) FROM STDIN (FORMAT text)`;
}
