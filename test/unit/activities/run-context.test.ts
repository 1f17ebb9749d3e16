import type { Dependencies } from '../../../activities/dependencies.js';
import { RunContexts } from '../../../activities/run-context.js';
import type { loadChunk } from '../../../engine/postgres/control/chunks.js';

const ref = { runId: 'r', chunkId: '1' };
const text = { type: { kind: 'text' }, nullable: true, sourceType: 'nvarchar' };
const planned = { schema: 'dbo', table: 't', serverHash: true };
const columns = [
  { ...text, name: 'Kept' },
  { ...text, name: 'Note' },
];
const place = { category: 'c', target: 'copy', server: 's', database: 'd', window: { label: 'all' } };

/** The one source of a chunk of a target that has these keys beside its columns. */
async function sourceOf(more: object, policy: string | undefined) {
  const target = {
    name: 'copy',
    sources: [{ schema: 'dbo', table: 't' }],
    columns: [{ name: 'note', policy }, { name: 'kept' }],
    ...more,
  };
  const query = async (statement: string) => ({
    rows: statement.includes('source_table')
      ? [{ ...planned, columns }]
      : [{ config: { category: 'c', targets: [target] } }],
  });
  const contexts = new RunContexts({ target: { query } } as unknown as Dependencies);
  const load = (async () => ({ ...place, chunkId: '1', epoch: 0 })) as unknown as typeof loadChunk;
  const { sources } = await contexts.chunk(ref, load);
  return { fingerprint: sources[0]?.fingerprint, columns: sources[0]?.columns };
}

describe('how the source of a chunk is read', () => {
  it('replaces what is no text just in columns that are copied by that policy', async () => {
    const { columns: read } = await sourceOf({}, 'replace');
    expect(read).toEqual([columns[0], { ...columns[1], invalidText: 'replace' }]);
    expect((await sourceOf({}, 'truncate')).columns).toEqual(columns);
  });

  it('takes text as its bytes just in columns that are copied by that policy', async () => {
    const { columns: read } = await sourceOf({}, 'bytes');
    expect(read).toEqual([columns[0], { ...columns[1], type: { kind: 'bytes' }, invalidText: 'bytes' }]);
  });

  it('replaces nothing before a transform', async () => {
    const { columns: read } = await sourceOf({ transform: { file: 'f', sql: '' } }, 'replace');
    expect(read).toEqual(columns);
  });

  it('makes other raw parts of it', async () => {
    const plain = (await sourceOf({}, undefined)).fingerprint;
    const decoded = [await sourceOf({}, 'replace'), await sourceOf({}, 'bytes')];
    expect(new Set([plain, ...decoded.map(({ fingerprint }) => fingerprint)]).size).toBe(3);
    expect((await sourceOf({}, 'fail')).fingerprint).toBe(plain);
  });
});
