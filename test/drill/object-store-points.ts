import type { Moment } from '../support/fault-proxy.js';
import type { Drill, Point } from './drill.js';
import { killPoints } from './kill-points.js';
import { broken, corrupt, cut, loseAnswer, refuse, slow, stall } from './network-points.js';

/** Requests and answers pass in clear: a fault finds its request by its line. */
const after =
  (...texts: readonly string[]) =>
  (): Moment => ({ after: texts });

const into =
  (text: string, most: number) =>
  (drill: Drill): Moment => ({ after: [text], afterBytes: drill.pick(1, most) });

const networks: readonly Point[] = [
  broken('cut in the middle of an upload', 'objects', 'start', cut, into('PUT /raw/', 2_500)),
  broken('a raw part is stored and not answered', 'objects', 'start', loseAnswer, after('PUT /raw/', 'PAR1')),
  broken(
    'a raw manifest is stored and not answered',
    'objects',
    'start',
    loseAnswer,
    after('PUT /raw/', 'manifest.json', '"fingerprint"'),
  ),
  broken(
    'a transformed manifest is stored and not answered',
    'objects',
    'start',
    loseAnswer,
    after('PUT /transformed/', 'manifest.json', '"fingerprint"'),
  ),
  // Beyond a part's bytes it meets another request, whose signature is wrong then.
  broken(
    'a bit flipped in an upload',
    'objects',
    'start',
    corrupt,
    (drill) => ({ after: ['PUT /raw/', 'PAR1'], afterBytes: drill.pick(1, 1_000) }),
    'park',
  ),
  broken('a bit flipped in a download', 'objects', 'start', corrupt, (drill) => ({
    direction: 'toClient',
    after: ['PAR1'],
    afterBytes: drill.pick(1, 1_000),
  })),
  broken('all connections cut at once', 'objects', 'copying', cut),
  broken('stalled for some seconds', 'objects', 'copying', stall),
  broken('slow for some seconds', 'objects', 'copying', slow),
  broken('refuses connections for five seconds', 'objects', 'copying', refuse),
];

const restarted: Point = {
  name: 'objects: killed, down for five seconds, and started again',
  async strike(drill) {
    await drill.start();
    await drill.reached(drill.pick(1, 4));
    await drill.estate.restart('objects', 'SIGKILL', 5_000);
  },
};

/** Of the kill points, those around what is kept in a bucket, and around the one thing that is not. */
const killed = killPoints
  .filter(({ name }) =>
    /(raw part|raw manifest|transformed part|transformed manifest|statistics files|report|commit of the rows|reading the source)$/.test(
      name,
    ),
  )
  .map((point) => ({ ...point, name: `${point.name}, on S3` }));

/** An S3 server instead of directories: kills of the worker, and what networks do to it. */
export const objectStorePoints: readonly Point[] = [...networks, restarted, ...killed].map((point) => ({
  ...point,
  storage: 's3',
}));
