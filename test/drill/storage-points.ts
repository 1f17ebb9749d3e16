import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ErrorCode } from '../../engine/errors.js';
import type { Drill, Point } from './drill.js';
import type { Act, WorkerFault } from './worker-faults.js';

const run = promisify(execFile);

/** A bucket that does not do as it should, for as many calls as `act` says. */
function bucket(name: string, text: string, when: WorkerFault['when'], act: Act, end?: Point['end']): Point {
  return {
    name: `bucket: ${name}`,
    ...(end !== undefined && { end }),
    async strike(drill) {
      const { activities } = drill.estate.workers;
      await drill.arm({ place: { on: 'object', text }, when, act, spare: drill.pick(0, 6) });
      const struck = activities.says('struck');
      await drill.start();
      await struck;
    },
  };
}

const fails = (times: number, code: ErrorCode = 'STORAGE_IO'): Act => ({ kind: 'fail', code, times });
const slow: Act = { kind: 'wait', ms: 2_500, times: 6 };

const buckets: readonly Point[] = [
  bucket('raw parts cannot be written three times', '^raw putFile', 'before', fails(3)),
  bucket('raw parts are written and answered with an error', '^raw putFile', 'after', fails(2)),
  bucket('transformed parts cannot be written three times', '^transformed putFile', 'before', fails(3)),
  bucket('raw parts cannot be read', '^raw localFile', 'before', fails(2)),
  bucket('transformed parts cannot be read', '^transformed localFile', 'before', fails(2)),
  bucket('manifests cannot be read', '^(raw|transformed) get', 'before', fails(3)),
  bucket('a raw manifest cannot be written', '^raw putIf', 'before', fails(1)),
  bucket('a raw manifest is written and answered with an error', '^raw putIf', 'after', fails(1)),
  bucket(
    'a transformed manifest is written and answered with an error',
    '^transformed putIf',
    'after',
    fails(1),
  ),
  bucket('reports cannot be written', '^stats putFile .*csv', 'before', fails(1)),
  bucket('writes are slow', '^(raw|transformed) put', 'before', slow),
  bucket('reads are slow', '^(raw|transformed) (get|localFile)', 'before', slow),
  bucket('its disk is full for a while', '^(raw|transformed) putFile', 'before', fails(4, 'DISK_FULL')),
  bucket(
    'raw parts are forbidden for a moment',
    '^raw putFile',
    'before',
    fails(1, 'STORAGE_ACCESS'),
    'park',
  ),
];

/** Room for what a worker has open, and for no part. */
const tooSmall = 'size=16k';
const largeEnough = 'size=64m';

async function fullSpillDirectory(drill: Drill): Promise<void> {
  const { environment, workers } = drill.estate;
  const own = join(environment.SPILL_DIR ?? '', `worker-${hostname()}-${workers.activities.pid}`);
  await run('mount', ['-t', 'tmpfs', '-o', tooSmall, 'drill', own]);
  drill.finally(() => run('umount', ['-l', own]));
  await drill.start();
  while (!workers.activities.output.includes('DISK_FULL')) await sleep(20);
  await run('mount', ['-o', `remount,${largeEnough}`, own]);
}

/** Only who may mount can have a real disk that is full. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

/** Buckets and disks that fail, are slow, or say that they failed. */
export const storagePoints: readonly Point[] = [
  ...buckets,
  ...(mayMount ? [{ name: 'the spill directory is full for a while', strike: fullSpillDirectory }] : []),
];
