import type { ChunkContext, RawSource } from '../../../activities/run-context.js';
import { readTable } from '../../../activities/source-rows.js';
import type { Step } from '../../../activities/step.js';
import type { SourceReader } from '../../../engine/sqlserver/session.js';

const text = { type: { kind: 'text' }, nullable: true, sourceType: 'nvarchar' } as const;
const columns = [
  { ...text, name: 'Other' },
  { ...text, name: 'Note', invalidText: 'replace' },
] as const;
const source = {
  ...{ schema: 'dbo', table: 't', subject: 'dbo.t', serverHash: true, columns },
} as unknown as RawSource;
const context = {
  config: { sourceChecksum: 'server', consistency: 'snapshot', stallSeconds: 300 },
  chunk: {
    target: 'copy',
    server: 's',
    database: 'd',
    window: { label: 'all' },
    rowsPlanned: { 'dbo.t': 2 },
  },
  target: {
    name: 'copy',
    sources: [],
    columns: [{ name: 'note', policy: 'replace' }, { name: 'other' }],
  },
} as unknown as ChunkContext;
const step = { signal: new AbortController().signal, advance: () => undefined } as unknown as Step;

/** Reads a table of two rows, in which the reader replaces as many texts of each column. */
async function read(replaced: readonly number[]) {
  const query = jest.fn(async () => [{ rows: 2, sum: '255' }]);
  const stream = jest.fn(async () => ({ rows: 2, replaced }));
  const tx = { place: {}, query, stream } as unknown as SourceReader;
  const found = await readTable(context, source, tx, step, { columns, onBatch: async () => undefined });
  return { found, asked: query.mock.calls.length };
}

describe('what a reading says of its source', () => {
  it("is the server's own hash where everything was read as it is", async () => {
    const { found, asked } = await read([0, 0]);
    expect(found).toEqual({
      rows: 2,
      stated: { checksum: { rows: 2, sum: '00000000000000ff' }, method: 'server' },
      replaced: [],
    });
    expect(asked).toBe(1);
  });

  it('is left to the reader where it has replaced something, which is told by the columns of the target', async () => {
    const { found, asked } = await read([0, 1]);
    expect(found).toEqual({ rows: 2, stated: undefined, replaced: [{ column: 'note', values: 1 }] });
    expect(asked).toBe(0);
  });
});
