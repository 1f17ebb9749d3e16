import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { withFileLock } from '../../../engine/storage/file-lock.js';

/** Another process: adds 1 to `counter` so many times, or takes its lock, tells its process id and keeps it. */
async function main(root: string, task: string): Promise<void> {
  if (task === 'hold') {
    const name = createHash('sha256').update('counter').digest('hex').slice(0, 32);
    await withFileLock(join(root, '.tmp', `lock-${name}`), async () => {
      process.stdout.write(String(process.pid));
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
    return;
  }
  const bucket = createFileBucket(root);
  for (let left = Number(task); left > 0; ) {
    const found = await bucket.get('counter');
    if (!found) throw new Error('The counter is gone.');
    if (await bucket.putIf('counter', String(Number(found.body) + 1), found.version)) left -= 1;
  }
}

const [, , root = '', task = ''] = process.argv;
void main(root, task);
