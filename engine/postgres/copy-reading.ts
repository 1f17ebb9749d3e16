import { batchOf, cellAt, rowsOf } from '../rows/cells.js';
import type { ColumnBatch, ColumnVector } from '../rows/column-batch.js';
import type { TargetTyped } from '../rows/convert/conversion.js';
import { type ConvertedBatch, createConverter } from '../rows/convert/converter.js';
import { createRowHasher } from '../rows/hash/row-hasher.js';
import { type Poison, Quarantine } from '../rows/quarantine.js';
import type { Cell, Column, SetChecksum } from '../rows/types.js';
import { subtractChecksum } from '../validation/set-checksum.js';
import type { PolicyUse } from './control/ledger.js';
import { type CopyBinaryEncoder, createCopyBinaryEncoder } from './copy-binary.js';

/** One batch on its way into COPY. */
export interface BatchInCopy {
  /** Ordinal of its first row among the chunk's. */
  readonly first: number;
  readonly rows: number;
  /** The tuples of the rows that are not in quarantine. */
  tuples(): Generator<Buffer>;
  /** Has a row left out, by its place in the batch. Throws as `Quarantine.add`. */
  leaveOut(row: number, poison: Poison): void;
  /** Counts what the server has taken of it; the batch is done with. */
  settle(): void;
}

/** One reading of a chunk's rows: what of them goes into the stage, what into quarantine, and what that adds up to. */
export interface Reading {
  readonly quarantine: Quarantine;
  /** Hashes and converts a batch; what the target cannot hold goes to quarantine. Throws as `Quarantine.add`. */
  take(batch: ColumnBatch): BatchInCopy;
  /** Of all rows as they were read. */
  read(): SetChecksum;
  /** Of the rows that were settled, in the target's types. */
  stored(): SetChecksum;
  /** Whether stored rows hash as they were read, so that with those in quarantine they add up to `read`. */
  readonly exact: boolean;
  policies(): readonly PolicyUse[];
}

export function createReading(
  source: readonly Column[],
  target: readonly TargetTyped[],
  chunkId: string,
  quarantineLimit: number,
): Reading {
  const converter = createConverter(source, target);
  const encode = createCopyBinaryEncoder(target, chunkId);
  // Named as the target names them, as what is told of poison.
  const named = source.map((column, index) => ({ ...column, name: target[index]?.name ?? column.name }));
  const quarantine = new Quarantine(named, quarantineLimit);
  const readHasher = createRowHasher(source);
  const storedHasher = createRowHasher(target);
  const counts = new Map<string, PolicyUse>();
  let next = 0;

  function count({ changes }: ConvertedBatch, first: number): void {
    for (const { column, policy, rows } of changes) {
      const values =
        rows.filter((row) => !quarantine.has(first + row)).length + (counts.get(column)?.values ?? 0);
      if (values > 0) counts.set(column, { column, policy, values });
    }
  }

  function take(batch: ColumnBatch): BatchInCopy {
    const first = next;
    next += batch.rows;
    readHasher.add(batch);
    const converted = converter.convert(batch);
    const leaveOut = (row: number, poison: Poison) =>
      quarantine.add({ ...poison, ordinal: first + row, cells: cellsOf(source, batch, row) });
    for (const [row, poison] of [...converted.poison].sort(([a], [b]) => a - b)) leaveOut(row, poison);
    return {
      first,
      rows: batch.rows,
      leaveOut,
      tuples: () => encodeKept(encode, converted.batch, quarantine, first),
      settle() {
        if (!converter.exact) storedHasher.add(keptOf(target, converted.batch, quarantine, first));
        count(converted, first);
      },
    };
  }

  return {
    quarantine,
    take,
    read: () => readHasher.value(),
    stored: () =>
      converter.exact ? subtractChecksum(readHasher.value(), quarantine.checksum()) : storedHasher.value(),
    exact: converter.exact,
    policies: () => [...counts.values()],
  };
}

function encodeKept(
  encode: CopyBinaryEncoder,
  batch: ColumnBatch,
  quarantine: Quarantine,
  first: number,
): Generator<Buffer> {
  return encode(batch, { has: (row) => quarantine.has(first + row) });
}

/** The batch itself, unless rows of it are in quarantine. */
function keptOf(
  columns: readonly Column[],
  batch: ColumnBatch,
  quarantine: Quarantine,
  first: number,
): ColumnBatch {
  const kept = Array.from({ length: batch.rows }, (_, row) => row).filter(
    (row) => !quarantine.has(first + row),
  );
  if (kept.length === batch.rows) return batch;
  const cells = rowsOf(columns, batch);
  return batchOf(
    columns,
    kept.map((row) => cells[row] as Cell[]),
  );
}

function cellsOf(columns: readonly Column[], batch: ColumnBatch, row: number): readonly Cell[] {
  return columns.map(({ type }, index) => cellAt(type, batch.columns[index] as ColumnVector, row));
}
