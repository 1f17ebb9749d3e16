import { ddlType, type ShapeColumn, shapeDifferences } from '../../../engine/postgres/shape';
import { column } from '../../support/target-fixtures';

const id: ShapeColumn = { name: 'id', type: 'bigint', notNull: true };
const note: ShapeColumn = { name: 'note', type: 'text', notNull: false };

describe('shape', () => {
  test('equal shapes have no difference', () => {
    expect(shapeDifferences([id, note], [id, note])).toEqual([]);
  });

  test('every difference is named', () => {
    expect(shapeDifferences([id, note], [note, id])).toEqual([
      'column id is number 2, not 1',
      'column note is number 1, not 2',
    ]);
    expect(shapeDifferences([id], [{ ...id, notNull: false }, note])).toEqual([
      'column id is nullable',
      'column note is not declared',
    ]);
    expect(shapeDifferences([id, note], [{ ...id, type: 'integer' }])).toEqual([
      'column id is integer, not bigint',
      'column note is missing',
    ]);
  });

  test('a type goes into DDL only when it is one', () => {
    expect(ddlType(column('c', 'numeric(11,3)'))).toBe('numeric(11,3)');
    const forged = { ...column('c', 'text'), pgType: 'text); DROP TABLE t; --' };
    expect(() => ddlType(forged)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
