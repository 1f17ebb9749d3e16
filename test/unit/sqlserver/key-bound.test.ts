import fc from 'fast-check';
import { keyBound, keyBoundOf, keyOrder, keyTextTsql } from '../../../engine/sqlserver/key-bound';

const column = (sourceType: string, collation?: string) => ({
  name: 'k',
  sourceType,
  ...(collation !== undefined && { collation }),
});
const windows = 'Latin1_General_CI_AS';

describe('a bound of keys', () => {
  it.each([
    ['int', 'CONVERT(varchar(20), [k])', 'CONVERT(int, @from)'],
    ['decimal(11,3)', 'CONVERT(varchar(41), [k])', 'CONVERT(decimal(11,3), @from)'],
    ['uniqueidentifier', 'CONVERT(varchar(36), [k])', 'CONVERT(uniqueidentifier, @from)'],
    ['date', 'CONVERT(varchar(34), [k], 23)', 'CONVERT(date, @from, 23)'],
    ['smalldatetime', 'CONVERT(varchar(34), [k], 120)', 'CONVERT(smalldatetime, @from, 120)'],
    ['datetime2(7)', 'CONVERT(varchar(34), [k], 121)', 'CONVERT(datetime2(7), @from, 121)'],
    ['time(3)', 'CONVERT(varchar(34), [k], 121)', 'CONVERT(time(3), @from, 121)'],
    ['datetimeoffset(7)', 'CONVERT(varchar(34), [k], 121)', 'CONVERT(datetimeoffset(7), @from, 121)'],
  ])('of %s is read as text and compared as the type itself', (sourceType, read, compared) => {
    expect(keyTextTsql(column(sourceType), '[k]')).toBe(read);
    expect(keyBound(column(sourceType), 'from', '1')).toEqual({
      sql: compared,
      param: { name: 'from', sqlType: 'varchar(41)', value: '1' },
    });
  });

  it('of text is compared in the code page and the order of its collation', () => {
    const varchar = column('varchar(50)', windows);
    expect(keyTextTsql(varchar, '[k]')).toBe('CONVERT(nvarchar(4000), [k])');
    expect(keyBound(varchar, 'to', '"é"')).toEqual({
      sql: `CONVERT(varchar(8000), @to COLLATE ${windows})`,
      param: { name: 'to', sqlType: 'nvarchar(4000)', value: 'é' },
    });
    expect(keyBound(column('nchar(10)', windows), 'to', '"é"')).toMatchObject({ sql: '@to' });
  });

  it('of text rests as what PostgreSQL can hold, and comes back as it was', () => {
    const nvarchar = column('nvarchar(100)', windows);
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((all) => String.fromCharCode(...all));
    fc.assert(
      fc.property(units, (text) => {
        const bound = keyBoundOf(nvarchar, text);
        expect(Buffer.from(bound, 'utf8').toString('utf8')).toBe(bound);
        expect(bound).not.toContain('\0');
        expect(keyBound(nvarchar, 'from', bound)).toMatchObject({ param: { value: text } });
      }),
    );
  });

  it.each([
    ['tinyint', '-1', 'below'],
    ['tinyint', '256', 'above'],
    ['smallint', '-32769', 'below'],
    ['int', '2147483648', 'above'],
    ['bigint', '9223372036854775807', 'object'],
    ['tinyint', '255', 'object'],
  ])('of a wider integer lies on a side of %s: %s is %s', (sourceType, value, side) => {
    const bound = keyBound(column(sourceType), 'from', value);
    expect(typeof bound === 'object' ? 'object' : bound).toBe(side);
  });
});

describe('the order of keys', () => {
  it.each([
    ['smallint', undefined, 'bigint', undefined],
    ['varchar(50)', windows, 'char(10)', windows],
    ['nvarchar(50)', windows, 'nchar(10)', windows],
    ['decimal(11,3)', undefined, 'numeric(11,3)', undefined],
  ])('is one for %s %s and %s %s', (a, first, b, second) => {
    expect(keyOrder(column(a, first))).toBe(keyOrder(column(b, second)));
  });

  it.each([
    ['varchar(50)', windows, 'varchar(50)', 'Latin1_General_CS_AS'],
    ['varchar(50)', windows, 'nvarchar(50)', windows],
    ['decimal(11,3)', undefined, 'decimal(11,2)', undefined],
    ['datetime', undefined, 'datetime2(3)', undefined],
    ['int', undefined, 'decimal(10,0)', undefined],
  ])('differs between %s %s and %s %s', (a, first, b, second) => {
    expect(keyOrder(column(a, first))).not.toBe(keyOrder(column(b, second)));
  });

  it.each([
    ['float', undefined],
    ['bit', undefined],
    ['nvarchar(max)', windows],
    ['varchar(8000)', windows],
    ['sql_variant', undefined],
    ['varchar(50)', undefined],
    ['varchar(50)', "x'; DROP TABLE t --"],
  ])('is not known of %s %s', (sourceType, collation) => {
    expect(() => keyOrder(column(sourceType, collation))).toThrow(
      expect.objectContaining({ code: 'SOURCE_TYPE' }),
    );
  });
});
