import type { TargetConfig } from '../../config/run-config.js';
import type { ColumnBatch } from '../rows/column-batch.js';
import { poisonError } from '../rows/quarantine.js';
import type { Column } from '../rows/types.js';
import type { TargetClient } from './connection.js';
import { copyBinaryHeader, copyBinaryTrailer } from './copy-binary.js';
import { type Copied, copyIn } from './copy-in.js';
import { type BatchInCopy, createReading, type Reading } from './copy-reading.js';
import { refusalOf } from './copy-refusal.js';
import { quoteName, stageName } from './names.js';

export interface CopyInput {
  readonly table: TargetConfig;
  readonly chunkId: string;
  /** What the rows are of, a column for each of the table's. */
  readonly columns: readonly Column[];
  /** The chunk's rows, from the first one at each call. */
  readonly rows: () => AsyncIterable<ColumnBatch>;
  /** How many rows may be left out; see `Quarantine`. */
  readonly quarantineLimit: number;
  /** Called for each buffer that is sent. */
  readonly onProgress: () => void;
}

/** Every row of the one reading is either copied or in its quarantine. */
export interface CopiedRows extends Copied {
  readonly reading: Reading;
}

/**
 * Copies a chunk's rows into its stage, inside the caller's transaction, but for those that go to quarantine. All go
 * through one COPY. Where the server refuses a row of it, and rows may be left out, the rows come again with a COPY
 * and a savepoint for each batch, so that a refused row costs its own batch once more and no other. The second
 * reading begins with an empty quarantine: what is left out never depends on the first one's order.
 * Throws VALUE_UNREPRESENTABLE where the quarantine takes no (more) rows, and what COPY throws for anything else.
 */
export async function copyRows(client: TargetClient, input: CopyInput): Promise<CopiedRows> {
  const { table, quarantineLimit } = input;
  const reading = readingOf(input);
  const sent = copyOf(tuplesOf(input.rows(), reading));
  if (quarantineLimit > 0) await client.query('SAVEPOINT whole');
  try {
    return { ...(await copyIn(client, copyStatement(table), sent, input.onProgress)), reading };
  } catch (error) {
    const refusal = refusalOf(error, table);
    if (refusal === undefined) throw error;
    if (quarantineLimit === 0) throw poisonError({ ...refusal, ordinal: refusal.line - 1 }, 0);
  }
  // Both readings use one scratch directory.
  await sent.return(undefined);
  await client.query('ROLLBACK TO SAVEPOINT whole');
  return copyByBatch(client, input);
}

function readingOf({ table, columns, chunkId, quarantineLimit }: CopyInput): Reading {
  return createReading(columns, table.columns, chunkId, quarantineLimit);
}

async function* copyOf(tuples: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield copyBinaryHeader;
  yield* tuples;
  yield copyBinaryTrailer;
}

async function* tuplesOf(batches: AsyncIterable<ColumnBatch>, reading: Reading): AsyncGenerator<Buffer> {
  for await (const rows of batches) {
    const batch = reading.take(rows);
    yield* batch.tuples();
    batch.settle();
  }
}

async function copyByBatch(client: TargetClient, input: CopyInput): Promise<CopiedRows> {
  const reading = readingOf(input);
  let all: Copied = { rows: 0, bytes: 0, crc32: 0 };
  for await (const rows of input.rows()) {
    const batch = reading.take(rows);
    const copied = await copyBatch(client, input, reading, batch, all.crc32);
    batch.settle();
    all = { rows: all.rows + copied.rows, bytes: all.bytes + copied.bytes, crc32: copied.crc32 };
  }
  return { ...all, reading };
}

/** Again and again without the row that the server refused last. */
async function copyBatch(
  client: TargetClient,
  { table, onProgress }: CopyInput,
  { quarantine }: Reading,
  batch: BatchInCopy,
  before: number,
): Promise<Copied> {
  await client.query('SAVEPOINT batch');
  for (;;) {
    try {
      const copied = await copyIn(client, copyStatement(table), copyOf(batch.tuples()), onProgress, before);
      await client.query('RELEASE SAVEPOINT batch');
      return copied;
    } catch (error) {
      const refusal = refusalOf(error, table);
      if (refusal === undefined) throw error;
      batch.leaveOut(quarantine.ordinalOf(refusal.line - 1, batch.first) - batch.first, refusal);
      await client.query('ROLLBACK TO SAVEPOINT batch');
    }
  }
}

function copyStatement(table: TargetConfig): string {
  const columns = [...table.columns.map(({ name }) => quoteName(name)), 'chunk_id'];
  return `COPY ${stageName(table)} (${columns.join(', ')}) FROM STDIN (FORMAT binary)`;
}
