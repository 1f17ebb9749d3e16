import fc from 'fast-check';
import { MigrationError } from '../../engine/errors';
import { rowsOf } from '../../engine/rows/cells';
import type { Cell, Column } from '../../engine/rows/types';
import { ResultDecoder } from '../../engine/sqlserver/wire/result-decoder';
import { chunksOf } from './decode-answer';
import { seededRandom } from './seeded-random';
import { columnsOf, encodeDone, encodeMetadata, encodeRow, type WireRow } from './wire-answer';
import { fixedWireTypes, type WireType } from './wire-types';
import { variableWireTypes } from './wire-variable-types';

/** A valid answer, and which of its bytes are values. */
interface Answer {
  readonly columns: readonly Column[];
  readonly cells: readonly (readonly Cell[])[];
  readonly bytes: Buffer;
  readonly values: readonly ValueBytes[];
  /** Where the rows begin. */
  readonly rowsAt: number;
}

/** A changed byte of these can change this cell only. */
interface ValueBytes {
  readonly row: number;
  readonly column: number;
  readonly from: number;
  readonly to: number;
}

interface Mutation {
  readonly bytes: Buffer;
  /** The cell that may be another; absent where rows may. */
  readonly cell?: ValueBytes;
}

const answersOfCorpus = 200;
/** Cases that are made out of one corpus of answers. */
const casesOfCorpus = 50_000;
const maxValueBytes = 4096;
const slowestMillis = 2_000;

const types = [...fixedWireTypes, ...variableWireTypes];

/** Some values of a type. */
interface Sample {
  readonly type: WireType;
  readonly cells: readonly Exclude<Cell, null>[];
}

function corpusOf(seed: number): readonly Answer[] {
  const random = seededRandom(seed);
  const samples = types.map(
    (type): Sample => ({ type, cells: fc.sample(type.cells, { seed, numRuns: 20 }) }),
  );
  return Array.from({ length: answersOfCorpus }, () => {
    const chosen = upTo(3, random, () => pick(samples, random));
    const rows = upTo(3, random, () => rowOf(chosen, random));
    return answerOf(
      chosen.map(({ type }) => type),
      rows,
    );
  });
}

function rowOf(chosen: readonly Sample[], random: () => number): WireRow {
  const nbc = random() < 0.5;
  const cells = chosen.map(({ type, cells }) => {
    const mayBeNull = nbc || type.encodedNull !== undefined;
    return mayBeNull && random() < 0.2 ? null : pick(cells, random);
  });
  return { nbc, cells };
}

function upTo<T>(most: number, random: () => number, make: () => T): readonly T[] {
  return Array.from({ length: 1 + Math.floor(random() * most) }, make);
}

/**
 * Decodes mutated answers, the cases numbered from `first` on; each number is a seed and always gives the same case.
 * @returns how many were decoded to rows and how many refused
 * @throws Error naming the case that ended otherwise than in rows or in a refusal, changed a cell whose bytes were left
 *   alone, or took more time or memory than its bytes warrant
 */
export function fuzz(first: number, cases: number): { decoded: number; refused: number } {
  const outcome = { decoded: 0, refused: 0 };
  let corpusAt = -1;
  let corpus: readonly Answer[] = [];
  for (let seed = first; seed < first + cases; seed++) {
    const needed = Math.floor(seed / casesOfCorpus);
    if (needed !== corpusAt) {
      corpus = corpusOf(needed);
      corpusAt = needed;
    }
    try {
      outcome[runCase(corpus, seed)] += 1;
    } catch (error) {
      throw new Error(`Case ${seed} (WIRE_FUZZ_SEED=${seed} replays it)`, { cause: error });
    }
  }
  return outcome;
}

function runCase(corpus: readonly Answer[], seed: number): 'decoded' | 'refused' {
  const random = seededRandom(seed);
  const answer = pick(corpus, random);
  const { bytes, cell } = mutate(answer, pick(corpus, random), random);
  const packet = random() < 0.7 ? bytes.length : 1 + Math.floor(random() * 2 ** Math.floor(random() * 10));
  const decoder = new ResultDecoder(answer.columns, { maxValueBytes }, () => undefined);
  const began = performance.now();
  let rows: Cell[][] | undefined;
  try {
    rows = decodeAll(decoder, answer.columns, chunksOf(bytes, packet));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (bytes === answer.bytes) throw new Error('A valid answer was refused', { cause: error });
  }
  expectCheap(decoder, bytes, performance.now() - began);
  if (rows !== undefined && cell !== undefined) expectSameBut(answer, rows, cell);
  return rows === undefined ? 'refused' : 'decoded';
}

/** As a session reads it. */
function decodeAll(decoder: ResultDecoder, columns: readonly Column[], chunks: Iterable<Buffer>): Cell[][] {
  const rows: Cell[][] = [];
  const take = (): void => {
    rows.push(...rowsOf(columns, decoder.batch));
    decoder.batchTaken();
  };
  for (const chunk of chunks) {
    decoder.add(chunk);
    while (decoder.next()) take();
  }
  while (decoder.end()) take();
  take();
  return rows;
}

function expectCheap(decoder: ResultDecoder, bytes: Buffer, millis: number): void {
  if (millis > slowestMillis) throw new Error(`Took ${Math.round(millis)} ms for ${bytes.length} bytes`);
  const most = 64 * 1024 + 8 * bytes.length;
  for (const vector of decoder.batch.columns)
    if (vector.layout === 'var' && vector.heap.length > most)
      throw new Error(`A heap of ${vector.heap.length} bytes for ${bytes.length}`);
}

const refusals = new Set(['WIRE_PROTOCOL', 'VALUE_UNREPRESENTABLE', 'SOURCE_TYPE']);
const place = /[Bb]yte \d+|row \d+/;

function isRefusal(error: unknown): boolean {
  return error instanceof MigrationError && refusals.has(error.code) && place.test(error.message);
}

function expectSameBut(answer: Answer, rows: readonly (readonly Cell[])[], changed: ValueBytes): void {
  if (rows.length !== answer.cells.length) throw new Error(`${rows.length} rows of ${answer.cells.length}`);
  for (const [row, cells] of answer.cells.entries())
    for (const [column, cell] of cells.entries()) {
      const isChanged = row === changed.row && column === changed.column;
      if (!isChanged && !isSame(cell, rows[row]?.[column] as Cell))
        throw new Error(`Row ${row}, column ${column} is another though its bytes were left alone`);
    }
}

function isSame(left: Cell, right: Cell): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) === 0;
  return Object.is(left, right);
}

function mutate(answer: Answer, other: Answer, random: () => number): Mutation {
  const { bytes, values } = answer;
  const at = Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 10)) {
    case 0:
      return { bytes, cell: { row: -1, column: -1, from: 0, to: 0 } };
    case 1:
    case 2:
    case 3: {
      const cell = values.length > 0 ? pick(values, random) : undefined;
      if (cell === undefined) return { bytes };
      return {
        bytes: changed(bytes, cell.from + Math.floor(random() * (cell.to - cell.from)), random),
        cell,
      };
    }
    case 4:
      return { bytes: changed(bytes, at, random) };
    case 5: {
      const inRows = answer.rowsAt + Math.floor(random() * (bytes.length - answer.rowsAt));
      return { bytes: changed(changed(bytes, inRows, random), at, random) };
    }
    case 6:
      return { bytes: enlarged(bytes, Math.max(at, Math.floor(random() * answer.rowsAt)), random) };
    case 7:
      return { bytes: bytes.subarray(0, at) };
    case 8:
      return { bytes: Buffer.concat([bytes.subarray(0, at), slice(bytes, random), bytes.subarray(at)]) };
    default:
      return {
        bytes: Buffer.concat([bytes.subarray(0, at), slice(other.bytes, random), slice(bytes, random)]),
      };
  }
}

const oddBytes = [0x00, 0x01, 0x7f, 0x80, 0xd1, 0xd2, 0xd8, 0xdc, 0xfd, 0xfe, 0xff];

function changed(bytes: Buffer, at: number, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const byte = copy[at] as number;
  copy[at] = random() < 0.5 ? byte ^ (1 << Math.floor(random() * 8)) : pick(oddBytes, random);
  return copy;
}

/** Two, four or eight bytes that would make a large length. */
function enlarged(bytes: Buffer, at: number, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const low = pick([0xff, 0xfe, 0x00, 0x7f], random);
  const width = pick([2, 4, 8], random);
  for (let offset = 0; offset < width && at + offset < copy.length; offset++)
    copy[at + offset] = offset === 0 ? low : pick([0xff, 0x7f, 0x10], random);
  return copy;
}

function slice(bytes: Buffer, random: () => number): Buffer {
  const from = Math.floor(random() * bytes.length);
  return bytes.subarray(from, from + Math.floor(random() * 40));
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

function answerOf(chosen: readonly WireType[], rows: readonly WireRow[]): Answer {
  const metadata = encodeMetadata(chosen);
  const parts = [metadata];
  const values: ValueBytes[] = [];
  let at = metadata.length;
  for (const [row, wireRow] of rows.entries()) {
    const encoded = encodeRow(chosen, wireRow);
    let cellEnd = at + encoded.length;
    for (let column = chosen.length - 1; column >= 0; column--) {
      const type = chosen[column] as WireType;
      const cell = wireRow.cells[column] as Cell;
      const length =
        cell === null ? (wireRow.nbc ? 0 : (type.encodedNull as Buffer).length) : type.encode(cell).length;
      const content = cell === null ? undefined : contentOf(type, length);
      if (content !== undefined)
        values.push({
          row,
          column,
          from: cellEnd - length + content.from,
          to: cellEnd - length + content.to,
        });
      cellEnd -= length;
    }
    parts.push(encoded);
    at += encoded.length;
  }
  return {
    columns: columnsOf(chosen),
    cells: rows.map(({ cells }) => cells),
    bytes: Buffer.concat([...parts, encodeDone(rows.length)]),
    values,
    rowsAt: metadata.length,
  };
}

/** The bytes behind a value's length; those of PLP and of text pointers are left to the other mutations. */
function contentOf(
  { encodedNull, name }: WireType,
  length: number,
): { from: number; to: number } | undefined {
  const from = encodedNull?.length ?? 0;
  if (from === 8 || name === 'text' || name === 'ntext' || name === 'image' || length === from)
    return undefined;
  return { from, to: length };
}
