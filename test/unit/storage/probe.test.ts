import { probeBucket } from '../../../engine/storage/probe.js';
import { MemoryBucket } from '../../support/memory-bucket.js';

describe('probeBucket', () => {
  it('leaves nothing in a bucket that does as it is told', async () => {
    const bucket = new MemoryBucket('good');
    await probeBucket(bucket);
    expect([...bucket.objects.keys()]).toEqual([]);
  });

  it('refuses a store that ignores the condition of a write, and leaves nothing there', async () => {
    class Heedless extends MemoryBucket {
      override async putIf(key: string, body: string): Promise<boolean> {
        await this.put(key, body);
        return true;
      }
    }
    const bucket = new Heedless('heedless');
    await expect(probeBucket(bucket)).rejects.toMatchObject({
      code: 'STORAGE_ACCESS',
      message: expect.stringContaining('memory://heedless ignores the condition'),
    });
    expect([...bucket.objects.keys()]).toEqual([]);
  });

  it('refuses a store that gives back something else', async () => {
    class Forgetful extends MemoryBucket {
      override async get(): Promise<undefined> {
        return undefined;
      }
      override async putIf(key: string, body: string, expected: string | null): Promise<boolean> {
        if (this.objects.has(key) || expected !== null) return false;
        await this.put(key, body);
        return true;
      }
    }
    await expect(probeBucket(new Forgetful('forgetful'))).rejects.toMatchObject({
      code: 'STORAGE_ACCESS',
      message: expect.stringContaining('does not give back what was written'),
    });
  });
});
