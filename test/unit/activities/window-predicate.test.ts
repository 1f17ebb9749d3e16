import { windowPredicate } from '../../../activities/window-predicate.js';

const columns = [
  { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false, sourceType: 'int' },
  { name: 'day', type: { kind: 'date' }, nullable: true, sourceType: 'date' },
] as const;
const range = { from: '1', to: '9' };

describe('the predicate of a window', () => {
  it('has the bounds of its column, and the filter', () => {
    expect(
      windowPredicate({ chunkColumn: 'id', filter: 'day > 0' }, columns, { label: 'a', ...range }),
    ).toEqual({
      chunkColumn: columns[0],
      ...range,
      filter: 'day > 0',
    });
  });

  it('is none without a chunking column', () => {
    expect(windowPredicate({}, columns, { label: 'all' })).toEqual({});
  });

  it('refuses a chunking column that is not there, rather than to take the whole table', () => {
    expect(() => windowPredicate({ chunkColumn: 'gone' }, columns, { label: 'a', ...range })).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  it('asks for the partition column where a window has a partition, and only there', () => {
    const source = { chunkColumn: 'id', partitionColumn: 'gone' };
    expect(windowPredicate(source, columns, { label: 'a', ...range })).toMatchObject(range);
    const key = { partition: { from: '2025-01-01', to: '2025-02-01' } };
    expect(() => windowPredicate(source, columns, { label: 'a', ...range, key } as never)).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });
});
