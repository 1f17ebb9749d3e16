import fc from 'fast-check';
import { wireTypes } from '../../../../../engine/sqlserver/wire/cell-decoder';
import { charDecoder } from '../../../../../engine/sqlserver/wire/types/char';
import { udtDecoder } from '../../../../../engine/sqlserver/wire/types/udt';
import { xmlDecoder } from '../../../../../engine/sqlserver/wire/types/xml';
import { cellOptions, decodeValues, plpNull, plpValue, wireColumn } from '../../../../support/wire-values';

const length = Number.POSITIVE_INFINITY;
const xml = wireColumn(wireTypes.xml, { length, xmlSchema: false });
const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describe('xml', () => {
  it('is UTF-16 as PLP, with a schema collection or without', () => {
    const bytes = Buffer.concat([plpValue(utf16('<a b="Ж😀"/>'), 5, false), plpNull]);
    for (const xmlSchema of [false, true])
      expect(decodeValues(xmlDecoder, { ...xml, xmlSchema }, bytes)).toEqual([
        Buffer.from('<a b="Ж😀"/>'),
        null,
      ]);
  });

  it('loses a byte order mark at its beginning, wherever a chunk ends, and only there', () => {
    const value = utf16('\ufeff<a>\ufeff</a>');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: value.length }), (chunk) => {
        expect(decodeValues(xmlDecoder, xml, plpValue(value, chunk))).toEqual([Buffer.from('<a>\ufeff</a>')]);
      }),
    );
    expect(decodeValues(xmlDecoder, xml, plpValue(utf16('\ufeff')))).toEqual([Buffer.alloc(0)]);
  });

  it('stays bytes where it is to', () => {
    const options = cellOptions({ invalidText: 'bytes' });
    expect(decodeValues(xmlDecoder, xml, plpValue(utf16('<a/>')), { options })).toEqual([utf16('<a/>')]);
  });
});

describe('json', () => {
  it('is UTF-8 as PLP where a server sends it as a type of its own', () => {
    const json = wireColumn(wireTypes.json, { length });
    const text = '{"a":"Ж😀"}';
    expect(decodeValues(charDecoder, json, plpValue(Buffer.from(text), 3))).toEqual([Buffer.from(text)]);
  });
});

describe('hierarchyid, geography, geometry and other CLR types', () => {
  it('are PLP of their own bytes, whatever their declared size', () => {
    // hierarchyid /1/2/ (MS-SSCLRT 2.1.2).
    const hierarchyid = wireColumn(wireTypes.udt, { length: 892 });
    const bytes = Buffer.concat([plpValue(Buffer.from([0x5b, 0x40])), plpNull]);
    expect(decodeValues(udtDecoder, hierarchyid, bytes)).toEqual([Buffer.from([0x5b, 0x40]), null]);
  });
});
