import { type CellDecoderFactory, wireTypes } from '../cell-decoder.js';
import { binaryDecoder } from './binary.js';
import { charDecoder } from './char.js';
import { legacyDecoder } from './legacy.js';
import { udtDecoder } from './udt.js';
import { variantDecoder } from './variant.js';
import { xmlDecoder } from './xml.js';

/** Decoders of the types whose values have a length of their own, by type id. */
export const variableDecoders: ReadonlyMap<number, CellDecoderFactory> = new Map([
  [wireTypes.char, charDecoder],
  [wireTypes.varchar, charDecoder],
  [wireTypes.nchar, charDecoder],
  [wireTypes.nvarchar, charDecoder],
  [wireTypes.json, charDecoder],
  [wireTypes.binary, binaryDecoder],
  [wireTypes.varbinary, binaryDecoder],
  [wireTypes.text, legacyDecoder],
  [wireTypes.ntext, legacyDecoder],
  [wireTypes.image, legacyDecoder],
  [wireTypes.xml, xmlDecoder],
  [wireTypes.udt, udtDecoder],
  [wireTypes.variant, variantDecoder],
]);
