import { readPage } from '../../../../activities/clean-up/page-record.js';
import { MemoryBucket } from '../../../support/memory-bucket.js';

const ref = { category: 'cat', cleanUpId: 'one', page: 0 };

describe('readPage', () => {
  it.each([
    ['is cut off', '{"version": 1, "hop"'],
    ['is empty', ''],
    ['is of another shape', '{"version": 2}'],
  ])('refuses a page that %s, naming the object and what to do', async (_what, body) => {
    const bucket = new MemoryBucket('stats');
    bucket.get = async () => ({ body, version: '1', lastModified: new Date(0) });
    await expect(readPage(bucket, ref)).rejects.toMatchObject({
      code: 'STORAGE_IO',
      message: expect.stringMatching(/page-00000\.json in memory:\/\/stats is no page.*Delete it/),
    });
  });

  it('knows of no page that was never written', async () => {
    expect(await readPage(new MemoryBucket('stats'), ref)).toBeUndefined();
  });
});
