import { encodedTypeOf, logicalTypeOf } from '../../../engine/rows/type-map.js';
import type { LogicalType } from '../../../engine/rows/types.js';

function source(typeName: string, maxLength = 0, precision = 0, scale = 0) {
  return { typeName, maxLength, precision, scale };
}

describe('encodedTypeOf', () => {
  test.each([
    ['char(10)', 10, 10],
    ['varchar(50)', 50, 50],
    ['nchar(10)', 10, 20],
    ['nvarchar(50)', 50, 100],
    ['sysname', 128, 256],
    ['varchar(max)', undefined, undefined],
    ['nvarchar(max)', undefined, undefined],
    ['text', undefined, undefined],
    ['ntext', undefined, undefined],
  ])('of %s counts bytes', (sourceType, characters, maxLength) => {
    const text: LogicalType = { kind: 'text', ...(characters !== undefined && { maxLength: characters }) };
    const bytes = { kind: 'bytes', ...(maxLength !== undefined && { maxLength }) };
    expect(encodedTypeOf(text, sourceType)).toEqual(bytes);
  });

  test.each(['xml', 'json', 'vector', 'sql_variant'])('is none of %s', (sourceType) => {
    expect(encodedTypeOf({ kind: 'text' }, sourceType)).toBeUndefined();
  });

  test('is none of a CLR type with the name of a text', () => {
    expect(encodedTypeOf({ kind: 'bytes' }, 'text')).toBeUndefined();
  });
});

describe('logicalTypeOf', () => {
  test.each<[ReturnType<typeof source>, LogicalType]>([
    [source('bit', 1), { kind: 'bool' }],
    [source('tinyint', 1), { kind: 'int', bits: 8 }],
    [source('smallint', 2), { kind: 'int', bits: 16 }],
    [source('int', 4), { kind: 'int', bits: 32 }],
    [source('BIGINT', 8), { kind: 'int', bits: 64 }],
    [source('decimal', 9, 11, 3), { kind: 'decimal', precision: 11, scale: 3 }],
    [source('numeric', 17, 38, 0), { kind: 'decimal', precision: 38, scale: 0 }],
    [source('money', 8, 19, 4), { kind: 'decimal', precision: 19, scale: 4 }],
    [source('smallmoney', 4, 10, 4), { kind: 'decimal', precision: 10, scale: 4 }],
    [source('float', 8, 53), { kind: 'float', bits: 64 }],
    [source('real', 4, 24), { kind: 'float', bits: 32 }],
    [source('date', 3), { kind: 'date' }],
    [source('time', 5, 16, 7), { kind: 'time', precision: 7 }],
    [source('datetime', 8, 23, 3), { kind: 'timestamp', precision: 3 }],
    [source('smalldatetime', 4, 16, 0), { kind: 'timestamp', precision: 0 }],
    [source('datetime2', 8, 26, 6), { kind: 'timestamp', precision: 6 }],
    [source('datetime2', 8, 27, 7), { kind: 'timestamp', precision: 7 }],
    [source('datetimeoffset', 10, 34, 7), { kind: 'offsetTimestamp', precision: 7 }],
    [source('uniqueidentifier', 16), { kind: 'uuid' }],
    [source('varchar', 50), { kind: 'text', maxLength: 50 }],
    [source('nvarchar', 100), { kind: 'text', maxLength: 50 }],
    [source('sysname', 256), { kind: 'text', maxLength: 128 }],
    [source('nchar', 20), { kind: 'text', maxLength: 10 }],
    [source('char', 10), { kind: 'text', maxLength: 10 }],
    [source('nvarchar', -1), { kind: 'text' }],
    [source('varchar', -1), { kind: 'text' }],
    // The catalog says 16, the length of the pointer in the row.
    [source('text', 16), { kind: 'text' }],
    [source('ntext', 16), { kind: 'text' }],
    [source('image', 16), { kind: 'bytes' }],
    [source('xml', -1), { kind: 'text' }],
    [source('json', -1), { kind: 'text' }],
    [source('vector', 16), { kind: 'text' }],
    [source('sql_variant', 8016), { kind: 'text' }],
    [source('binary', 16), { kind: 'bytes', maxLength: 16 }],
    [source('varbinary', -1), { kind: 'bytes' }],
    [source('timestamp', 8), { kind: 'bytes', maxLength: 8 }],
    [source('hierarchyid', 892), { kind: 'bytes' }],
    [source('geography', -1), { kind: 'bytes' }],
    [source('geometry', -1), { kind: 'bytes' }],
  ])('%j', (declared, expected) => {
    expect(logicalTypeOf(declared)).toEqual(expected);
  });

  test('takes a CLR type for bytes, whatever its name', () => {
    for (const name of ['Point', 'int', 'constructor']) {
      expect(logicalTypeOf({ ...source(name, -1), clr: true })).toEqual({ kind: 'bytes' });
    }
  });

  test.each(['cursor', 'table', 'constructor', ''])('refuses %s by name', (typeName) => {
    const action = () => logicalTypeOf(source(typeName));
    expect(action).toThrow(expect.objectContaining({ code: 'SOURCE_TYPE' }));
    expect(action).toThrow(`type ${typeName} `);
  });

  test('refuses more fraction digits than SQL Server has', () => {
    expect(() => logicalTypeOf(source('datetime2', 8, 28, 8))).toThrow('datetime2(8)');
  });
});
