import { MigrationError } from '../../../errors.js';
import type { VarVector } from '../../../rows/column-batch.js';
import { type CellOptions, type WireColumn, wireTypes } from '../cell-decoder.js';
import { encodingOf } from '../collations.js';
import { binaryWriter } from './binary-writer.js';
import { codePageWriter } from './char-code-page.js';
import { utf8Writer } from './char-utf8.js';
import { utf16Writer } from './char-utf16.js';
import type { ValueWriter } from './value-writer.js';

/**
 * Text of a column in its encoding, as UTF-8; under `invalidText: 'bytes'` its bytes as they are.
 * @throws MigrationError SOURCE_TYPE for a collation that is not known: a guessed code page would corrupt text
 */
export function textWriter(column: WireColumn, vector: VarVector, options: CellOptions): ValueWriter {
  if (options.invalidText === 'bytes') return binaryWriter(vector);
  const encoding = encodingOfText(column);
  if (encoding === 'utf16') return utf16Writer(column, vector, options);
  if (encoding === 'utf8') return utf8Writer(column, vector, options);
  return codePageWriter(column, vector, options, encoding);
}

function encodingOfText({ typeId, name, collation }: WireColumn) {
  const { nchar, nvarchar, ntext, xml, json } = wireTypes;
  if (typeId === nchar || typeId === nvarchar || typeId === ntext || typeId === xml) return 'utf16';
  if (typeId === json) return 'utf8';
  const encoding = collation === undefined ? undefined : encodingOf(collation);
  if (encoding !== undefined) return encoding;
  throw new MigrationError(
    'SOURCE_TYPE',
    `Column ${name} has a collation whose code page is not known (bytes ${collation?.toString('hex') ?? 'missing'}). ` +
      'Migrate a view that casts the column to nvarchar.',
  );
}
