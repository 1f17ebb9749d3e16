import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { openBucket } from '../../../engine/storage/open-bucket.js';
import { describeBucket } from './bucket-contract.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'file-bucket-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
const directory = () => mkdtemp(join(root, 'b-'));

describeBucket('file://', async () => openBucket(pathToFileURL(await directory()).href, {}));

const child = join(__dirname, 'put-child.ts');
const tsx = join(process.cwd(), 'node_modules', '.bin', 'tsx');

describe('bucket on file://', () => {
  it('loses no conditional put between processes', async () => {
    const path = await directory();
    const bucket = createFileBucket(path);
    await bucket.put('counter', '0');
    await Promise.all(Array.from({ length: 3 }, () => promisify(execFile)(tsx, [child, path, '40'])));
    expect((await bucket.get('counter'))?.body).toBe('120');
    expect(await readdir(join(path, '.tmp'))).toEqual([]);
  });

  it('goes on after the holder of a lock was killed', async () => {
    const path = await directory();
    const bucket = createFileBucket(path);
    await bucket.put('counter', '0');
    const holder = spawn(tsx, [child, path, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(holder.stdout, 'data');
    process.kill(Number(String(said)), 'SIGKILL');
    await once(holder, 'exit');
    expect((await readdir(join(path, '.tmp'))).some((name) => name.startsWith('lock-'))).toBe(true);
    const version = (await bucket.get('counter'))?.version ?? '';
    expect(await bucket.putIf('counter', '1', version)).toBe(true);
  });

  it('does not list what a killed process left half written', async () => {
    const path = await directory();
    await mkdir(join(path, '.tmp'));
    await writeFile(join(path, '.tmp', 'leftover'), 'half');
    const found: string[] = [];
    for await (const { key } of createFileBucket(path).list('')) found.push(key);
    expect(found).toEqual([]);
  });

  it.each(['../outside', 'a/../../outside', '/abs', 'a//b', '.tmp/x', ''])(
    'refuses the key %j',
    async (key) => {
      const bucket = createFileBucket(await directory());
      await expect(bucket.put(key, 'x')).rejects.toMatchObject({ code: 'INTERNAL' });
    },
  );

  it('cannot be used below a file, and says so', async () => {
    const path = join(await directory(), 'file');
    await writeFile(path, '');
    const probe = createFileBucket(join(path, 'below')).probe();
    await expect(probe).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
    await expect(probe).rejects.toThrow(path);
  });
});
