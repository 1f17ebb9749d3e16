import { wireTypes } from '../../../../../engine/sqlserver/wire/cell-decoder';
import { legacyDecoder } from '../../../../../engine/sqlserver/wire/types/legacy';
import {
  cellOptions,
  decodeValues,
  latin1Collation,
  longValue,
  wireColumn,
} from '../../../../support/wire-values';

/** A text pointer of 16 bytes behind its length, a timestamp of 8, then length and value. */
const header = Buffer.concat([
  Buffer.from([16]),
  Buffer.from('dummy textptr\0\0\0'),
  Buffer.from('dummyTS\0'),
]);
const value = (bytes: Buffer) => Buffer.concat([header, longValue(bytes)]);
const nothing = Buffer.from([0]);
const length = 0x7fff_ffff;

describe('text, ntext and image', () => {
  it('lie behind text pointer and timestamp, which a NULL has not', () => {
    const column = wireColumn(wireTypes.text, { length, collation: latin1Collation });
    const bytes = Buffer.concat([value(Buffer.from('a€', 'latin1')), nothing, value(Buffer.alloc(0))]);
    for (let packet = 1; packet <= bytes.length; packet++)
      expect(decodeValues(legacyDecoder, column, bytes, { packet })).toEqual([
        Buffer.from('a\u00ac'),
        null,
        Buffer.alloc(0),
      ]);
  });

  it('are decoded as code page, UTF-16 and bytes', () => {
    const euro = value(Buffer.from([0x80]));
    const text = wireColumn(wireTypes.text, { length, collation: latin1Collation });
    expect(decodeValues(legacyDecoder, text, euro)).toEqual([Buffer.from('€')]);
    const ntext = wireColumn(wireTypes.ntext, { length, collation: latin1Collation });
    expect(decodeValues(legacyDecoder, ntext, value(Buffer.from('Ж😀', 'utf16le')))).toEqual([
      Buffer.from('Ж😀'),
    ]);
    expect(decodeValues(legacyDecoder, wireColumn(wireTypes.image, { length }), euro)).toEqual([
      Buffer.from([0x80]),
    ]);
  });

  it('of a hostile length are refused before their bytes come', () => {
    const options = cellOptions({ maxValueBytes: 100 });
    const bytes = Buffer.concat([header, Buffer.from([0xff, 0xff, 0xff, 0xff])]);
    expect(() => decodeValues(legacyDecoder, wireColumn(wireTypes.image), bytes, { options })).toThrow(
      expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }),
    );
  });
});
