import fc from 'fast-check';
import { monthChild, quoteName, requireSafeNames } from '../../../engine/postgres/names';
import { column, targetTable } from '../../support/target-fixtures';

describe('names', () => {
  test('quoting keeps any name one identifier', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        const quoted = quoteName(name);
        expect(quoted.slice(1, -1).replaceAll('""', '')).not.toContain('"');
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name);
      }),
    );
  });

  test('a month’s child is named after it', () => {
    expect(monthChild(targetTable('t'), '202501')).toBe('t_p2025_01');
  });

  test.each([
    ['a table name whose derived names PostgreSQL would cut', 'x'.repeat(45), []],
    ['a column name of 64 bytes in fewer characters', 't', [column('é'.repeat(32), 'text')]],
    ['columns that differ in case only', 't', [column('Name', 'text'), column('name', 'text')]],
    ['the engine’s own column', 't', [column('Chunk_Id', 'bigint')]],
  ])('%s is refused', (_case, name, columns) => {
    expect(() => requireSafeNames(targetTable(name, { columns }))).toThrow(
      expect.objectContaining({ code: 'TARGET_SHAPE' }),
    );
  });

  test('43 bytes are left for a table’s name', () => {
    expect(() => requireSafeNames(targetTable('x'.repeat(43)))).not.toThrow();
  });
});
