import { fuzz } from '../../../support/wire-fuzz';

const replayed = process.env.WIRE_FUZZ_SEED;

describe('the decoder under mutated answers', () => {
  it('gives rows or a refusal that names its place, in time and memory that its bytes warrant', () => {
    const { decoded, refused } = replayed === undefined ? fuzz(0, 100_000) : fuzz(Number(replayed), 1);
    if (replayed !== undefined) return;
    // Both happen often, else the mutations would test nothing.
    expect(decoded).toBeGreaterThan(20_000);
    expect(refused).toBeGreaterThan(40_000);
  });
});
