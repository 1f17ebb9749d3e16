import { ByteReader } from '../../../../engine/sqlserver/wire/byte-reader';
import { readColumnMetadata } from '../../../../engine/sqlserver/wire/column-metadata';
import { checkPlanned } from '../../../../engine/sqlserver/wire/planned-columns';

const utf16 = (text: string) => Buffer.from(text, 'utf16le').toString('hex');
const short = (text: string) => Buffer.from([text.length]).toString('hex') + utf16(text);
const long = (text: string) => `${Buffer.from([text.length]).toString('hex')}00${utf16(text)}`;
const userType = '00000000';
const collation = '0904d00034';

/** COLMETADATA of one column behind its count. */
function read(flags: string, info: string, name = short('c')) {
  const bytes = Buffer.from(`0100${userType}${flags}${info}${name}`.replaceAll(' ', ''), 'hex');
  const reader = new ByteReader(bytes, 0, bytes.length);
  const [column] = readColumnMetadata(reader);
  expect(reader.at).toBe(bytes.length);
  return column;
}

describe('the description of columns', () => {
  it.each([
    ['int', '38', { typeId: 0x38, length: 4 }],
    ['nullable bigint', '26 08', { typeId: 0x26, length: 8 }],
    ['decimal', '6a 11 26 0a', { typeId: 0x6a, length: 17, precision: 38, scale: 10 }],
    ['date', '28', { typeId: 0x28 }],
    ['datetime2', '2a 07', { typeId: 0x2a, scale: 7 }],
    ['varchar', `a7 6400 ${collation}`, { length: 100, collation: Buffer.from(collation, 'hex') }],
    ['nvarchar(max)', `e7 ffff ${collation}`, { length: Number.POSITIVE_INFINITY }],
    ['varbinary', 'a5 0800', { length: 8 }],
    ['xml without a schema', 'f1 00', { length: Number.POSITIVE_INFINITY, xmlSchema: false }],
    ['xml with one', `f1 01 ${short('db')}${short('dbo')}${long('invoices')}`, { xmlSchema: true }],
    ['sql_variant', '62 491f0000', { length: 8_009 }],
    [
      'a UDT',
      `f0 ffff ${short('db')}${short('sys')}${short('hierarchyid')}${long('Microsoft.SqlServer.Types')}`,
      {
        length: Number.POSITIVE_INFINITY,
        udt: { database: 'db', schema: 'sys', type: 'hierarchyid', assembly: 'Microsoft.SqlServer.Types' },
      },
    ],
    [
      'text',
      `23 ffffff7f ${collation} 02 ${long('dbo')}${long('notes')}`,
      { length: 2 ** 31 - 1, tableName: ['dbo', 'notes'] },
    ],
    ['image', `22 ffffff7f 01 ${long('notes')}`, { tableName: ['notes'] }],
  ])('reads that of %s', (_, info, expected) => {
    expect(read('0900', info)).toMatchObject({ name: 'c', nullable: true, ...expected });
  });

  it('reads names beyond ASCII, and whether NULL may come', () => {
    expect(read('0800', '38', short('größe 漢'))).toMatchObject({ name: 'größe 漢', nullable: false });
  });

  it.each([
    ['an unknown type', '21', 'SOURCE_TYPE', /type 0x21/],
    ['an integer of three bytes', '26 03', 'WIRE_PROTOCOL', /0x26 and length 3/],
    ['a decimal of 39 digits', '6a 11 27 00', 'WIRE_PROTOCOL', /precision 39/],
    ['more decimals than digits', '6a 05 04 05', 'WIRE_PROTOCOL', /scale 5/],
    ['eight fractional digits', '29 08', 'WIRE_PROTOCOL', /8 fractional digits/],
  ])('refuses %s', (_, info, code, message) => {
    expect(() => read('0900', info)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('refuses a result without a description', () => {
    const bytes = Buffer.from('ffff', 'hex');
    expect(() => readColumnMetadata(new ByteReader(bytes, 0, 2))).toThrow(/without a description/);
  });
});

describe('the comparison with the plan', () => {
  const int = { name: 'n', typeId: 0x26, nullable: true, length: 4, precision: 0, scale: 0 } as const;
  const text = { ...int, name: 't', typeId: 0xa7, length: 10 } as const;
  const plannedInt = { name: 'n', type: { kind: 'int', bits: 32 }, nullable: false } as const;
  const plannedText = { name: 't', type: { kind: 'text', maxLength: 99 }, nullable: true } as const;

  it('accepts the same names, order and types; length and nullability may differ', () => {
    expect(() => checkPlanned([plannedInt, plannedText], [int, text])).not.toThrow();
  });

  it('accepts text that is to be had as its bytes, and bytes only as bytes', () => {
    const asBytes = { ...plannedText, type: { kind: 'bytes' } } as const;
    expect(() => checkPlanned([asBytes], [text])).not.toThrow();
    expect(() => checkPlanned([plannedText], [{ ...text, typeId: 0xa5 }])).toThrow(
      /arrives as bytes, planned was text/,
    );
  });

  it.each([
    ['fewer columns', [plannedInt, plannedText], [int], /1 columns arrived for 2 planned/],
    ['another order', [plannedInt, plannedText], [text, int], /column 1 is t, planned was n/],
    [
      'a wider integer',
      [plannedInt],
      [{ ...int, length: 8 }],
      /column n arrives as int of 64 bits, planned was int of 32/,
    ],
    [
      'another scale',
      [{ ...plannedInt, type: { kind: 'decimal', precision: 9, scale: 2 } } as const],
      [{ ...int, typeId: 0x6a, precision: 9, scale: 3 }],
      /decimal\(9,3\), planned was decimal\(9,2\)/,
    ],
  ])('refuses %s', (_, planned, described, message) => {
    expect(() => checkPlanned(planned, described)).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL', message: expect.stringMatching(message) }),
    );
  });
});
