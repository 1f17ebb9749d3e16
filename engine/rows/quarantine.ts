import { MigrationError } from '../errors.js';
import { cellText } from './cell-text.js';
import { batchOf } from './cells.js';
import { createRowHasher, type RowHasher } from './hash/row-hasher.js';
import type { Cell, Column, LogicalType, SetChecksum } from './types.js';

/** Why the target cannot hold a row; never a value of it. */
export interface Poison {
  /** For programs; docs/operations.md lists them. `SQLSTATE_22003` where the server refused the row. */
  readonly reason: string;
  /** For people: `the text holds the character U+0000`. */
  readonly what: string;
  /** Absent where no single column was refused. */
  readonly column?: string | undefined;
}

export interface PoisonRow extends Poison {
  /** Place among the chunk's rows as its parts hold them, from 0. */
  readonly ordinal: number;
  readonly cells: readonly Cell[];
}

/**
 * The rows of one chunk that the target cannot hold: left out of COPY, kept with their values until they are written
 * to their file, and hashed as every hop hashes them, so that they can be accounted for.
 */
export class Quarantine {
  readonly #rows = new Map<number, PoisonRow>();
  readonly #hasher: RowHasher;

  /** `limit`: how many rows of the chunk may be left out; with 0 the first one is thrown. */
  constructor(
    readonly columns: readonly Column[],
    readonly limit: number,
  ) {
    this.#hasher = createRowHasher(columns);
  }

  has(ordinal: number): boolean {
    return this.#rows.has(ordinal);
  }

  /** Throws VALUE_UNREPRESENTABLE for a row beyond the limit, and for one that has no canonical text to be hashed. */
  add(row: PoisonRow): void {
    if (this.#rows.size >= this.limit) throw poisonError(row, this.limit);
    this.#hasher.add(batchOf(this.columns, [row.cells]));
    this.#rows.set(row.ordinal, row);
  }

  /** Ordinal of a row by its place, from 0, among those that were not left out from the ordinal `first` on. */
  ordinalOf(place: number, first: number): number {
    let ordinal = first + place;
    for (const left of [...this.#rows.keys()].sort((a, b) => a - b))
      if (left >= first && left <= ordinal) ordinal += 1;
    return ordinal;
  }

  checksum(): SetChecksum {
    return this.#hasher.value();
  }

  /** A JSON object a line, by ordinal: column, reason, and the row's values by column name. */
  lines(): string {
    const texts = this.columns.map(({ type }) => wholeText(type));
    return [...this.#rows.values()]
      .sort((a, b) => a.ordinal - b.ordinal)
      .map(({ ordinal, column, reason, cells }) => {
        const values = this.columns.map(({ name }, index) => [name, texts[index]?.(cells[index] ?? null)]);
        const line = { ordinal, column: column ?? null, reason, values: Object.fromEntries(values) };
        return `${JSON.stringify(line)}\n`;
      })
      .join('');
  }
}

/** Texts as checksums have them, but for times: these may be here for digits that their column would cut off. */
function wholeText(type: LogicalType): (cell: Cell) => string | null {
  const micros = (type.kind === 'timestamp' && type.precision < 7) || type.kind === 'instant';
  const text = cellText(micros ? { ...type, precision: 6 } : type);
  return (cell) => (cell === null ? null : text(cell));
}

/** Names column and row, never the value. */
export function poisonError(
  { ordinal, column, what }: Omit<PoisonRow, 'cells'>,
  limit: number,
): MigrationError {
  const place = column === undefined ? 'Row' : `Column ${column}, row`;
  const tooMany = limit > 0 ? ` More than ${limit} rows (poisonLimit) of the chunk are like that.` : '';
  return new MigrationError(
    'VALUE_UNREPRESENTABLE',
    `${place} ${ordinal} of the chunk: ${what}, and so the target cannot hold the row.${tooMany} Repair the value at ` +
      'the source or in the transform, then retry the chunk; or choose "poison": "quarantine" in the category file.',
  );
}
