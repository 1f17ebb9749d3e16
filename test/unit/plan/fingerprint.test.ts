import { transformedFingerprint, wholeDigest } from '../../../engine/plan/fingerprint.js';

const member = (chunkId: string, attempt: string, fingerprint = 'f') => ({ chunkId, fingerprint, attempt });

describe('the digest of a whole', () => {
  const whole = wholeDigest([member('1', 'a'), member('2', 'b')]);

  it('is the same in whatever order its chunks are listed', () => {
    expect(wholeDigest([member('2', 'b'), member('1', 'a')])).toBe(whole);
  });

  it.each([
    ['one chunk is exported again', [member('1', 'a'), member('2', 'c')]],
    ['one means other rows', [member('1', 'a'), member('2', 'b', 'g')]],
    ['one is left out', [member('1', 'a')]],
    ['one joins it', [member('1', 'a'), member('2', 'b'), member('3', 'd')]],
    ['two have changed places', [member('1', 'b'), member('2', 'a')]],
  ])('is another where %s, and so are the fingerprints of all its chunks', (_, members) => {
    expect(wholeDigest(members)).not.toBe(whole);
    expect(transformedFingerprint('f', wholeDigest(members))).not.toBe(transformedFingerprint('f', whole));
  });
});
