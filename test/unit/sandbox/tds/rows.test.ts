import type { ResultColumn } from '../../../../sandbox/sqlserver/engine/types';
import { ByteWriter } from '../../../../sandbox/sqlserver/tds/byte-writer';
import { RowWriter } from '../../../../sandbox/sqlserver/tds/row-writer';

const column = (nullable: boolean): ResultColumn => ({ name: 'c', type: { name: 'tinyint' }, nullable });

describe('rows', () => {
  it('are ROW without a NULL, NBCROW with a bitmap and no bytes for the NULLs with one', () => {
    const out = new ByteWriter();
    const columns = Array.from({ length: 9 }, (_, index) =>
      index === 0 || index === 8 ? [1, null] : [1, 2],
    );
    new RowWriter(columns.map(() => column(true))).write(out, { count: 2, columns }, 0, 1_000);
    const row = `d1${'0101'.repeat(9)}`;
    const nbcRow = `d2${'0101'}${'0102'.repeat(7)}`;
    expect(out.view().toString('hex')).toBe(row + nbcRow);
  });

  it('stop at the limit and go on from there', () => {
    const out = new ByteWriter();
    const writer = new RowWriter([column(false)]);
    const rows = { count: 5, columns: [[1, 2, 3, 4, 5]] };
    expect(writer.write(out, rows, 0, 4)).toBe(2);
    expect(writer.write(out, rows, 2, 1_000)).toBe(5);
    expect(out.view().toString('hex')).toBe('d101d102d103d104d105');
  });

  it('leave nothing of a row that cannot be written', () => {
    const out = new ByteWriter();
    const writer = new RowWriter([column(true), column(false)]);
    const rows = {
      count: 2,
      columns: [
        [1, 2],
        [1, null],
      ],
    };
    expect(() => writer.write(out, rows, 0, 1_000)).toThrow('Column 2 is NOT NULL');
    expect(out.view().toString('hex')).toBe('d1010101');
  });
});
