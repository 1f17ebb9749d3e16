import type { Point } from '../../drill/drill.js';
import { strikeAll } from '../../drill/lanes.js';
import { points } from '../../drill/points.js';
import type { Outcome } from '../../drill/strike-point.js';

/** Those of the drill that a change breaks first: every kind of fault, and each step of a chunk. */
const chosen = [
  'killed after a raw manifest',
  'killed before a transformed manifest',
  'killed in the middle of COPY',
  'killed before the commit of the rows',
  'killed after the commit of the rows',
  'sqlserver: cut in the middle of a result',
  'postgres: the COMMIT of a COPY is not answered',
  'bucket: a raw manifest is written and answered with an error',
  'killed after a raw manifest, on S3',
  'objects: a raw manifest is stored and not answered',
  'objects: a bit flipped in a download',
  'one pass: killed after the record of a range',
] as const;

/** `make drill` strikes them all; these run with every test. */
describe('a run that meets a fault', () => {
  let outcomes: readonly Outcome[] = [];
  const broken = new AbortController();
  let striking: Promise<unknown> = Promise.resolve();
  beforeAll(async () => {
    const all = strikeAll(chosen.map(pointCalled), { seed: 1, lanes: 2, signal: broken.signal });
    striking = all.catch(() => undefined);
    outcomes = await all;
  }, 400_000);
  afterAll(async () => {
    broken.abort();
    await striking;
  }, 60_000);

  it.each(chosen)('ends exact by itself: %s', (name) => {
    const { result, notes } = outcomes.find((outcome) => outcome.name === name) ?? {};
    expect({ result, notes }).toEqual({ result: 'pass', notes: [] });
  });
});

function pointCalled(name: string): Point {
  const point = points.find((candidate) => candidate.name === name);
  if (point === undefined) throw new Error(`The drill has no point '${name}'.`);
  return point;
}
