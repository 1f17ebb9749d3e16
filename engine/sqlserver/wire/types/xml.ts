import type { ColumnVector } from '../../../rows/column-batch.js';
import type { CellDecoder, CellOptions, WireColumn } from '../cell-decoder.js';
import { textWriter } from './char-writer.js';
import { plpDecoder } from './plp.js';
import type { ValueWriter } from './value-writer.js';
import { vectorOf } from './vectors.js';

/**
 * xml with or without a schema collection (MS-TDS 2.2.5.5.3): UTF-16 as PLP. A byte order mark at its beginning, which
 * some servers send, is not part of the text.
 */
export function xmlDecoder(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  const writeText = textWriter(column, vectorOf(vector, 'var'), options);
  const write: ValueWriter = (bytes, from, to, row) => {
    const isMarked = to - from >= 2 && bytes[from] === 0xff && bytes[from + 1] === 0xfe;
    writeText(bytes, isMarked ? from + 2 : from, to, row);
  };
  return plpDecoder(column, vector, options, write);
}
