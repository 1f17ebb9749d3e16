import { rowsOf } from '../../engine/rows/cells';
import type { Cell, LogicalType } from '../../engine/rows/types';
import {
  type ReadLimits,
  ResultDecoder,
  type StreamedColumn,
} from '../../engine/sqlserver/wire/result-decoder';
import { columnsOf, encodeDone, encodeMetadata } from './wire-answer';

export interface DecodedAnswer {
  readonly rows: readonly (readonly Cell[])[];
  /** Tokens that hold no rows, one after another. */
  readonly tokens: Buffer;
  /** Rows of each batch. */
  readonly batches: readonly number[];
  readonly replaced: readonly number[];
}

/** Decodes an answer that arrives in chunks. */
export function decodeAnswer(
  columns: readonly StreamedColumn[],
  chunks: Iterable<Buffer>,
  limits: Partial<ReadLimits> = {},
): DecodedAnswer {
  const rows: (readonly Cell[])[] = [];
  const tokens: Buffer[] = [];
  const batches: number[] = [];
  const decoder = new ResultDecoder(columns, limits, (token) => tokens.push(token));
  const take = (): void => {
    batches.push(decoder.batch.rows);
    rows.push(...rowsOf(columns, decoder.batch));
    decoder.batchTaken();
  };
  for (const chunk of chunks) {
    decoder.add(chunk);
    while (decoder.next()) take();
  }
  while (decoder.end()) take();
  if (decoder.batch.rows > 0) take();
  return { rows, tokens: Buffer.concat(tokens), batches, replaced: decoder.counts.map((c) => c.replaced) };
}

export function* chunksOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/**
 * The values of one column, from bytes written out by hand.
 * @param info TYPE_INFO in hexadecimal
 * @param values each with all that stands before it, in hexadecimal; blanks do not count
 */
export function decodeHex(info: string, type: LogicalType, ...values: readonly string[]): readonly Cell[] {
  const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const column = { info: bytes(info), type };
  const rows = values.map((value) => Buffer.concat([Buffer.from([0xd1]), bytes(value)]));
  const answer = Buffer.concat([encodeMetadata([column]), ...rows, encodeDone(rows.length)]);
  return decodeAnswer(columnsOf([column]), [answer]).rows.map(([cell]) => cell as Cell);
}
