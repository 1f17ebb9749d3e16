import { rotatedPassword } from '../../../config/rotated-password';

/** A secret whose current version becomes another after some looks. */
function secret(looksBefore: number) {
  let looks = 0;
  const read = async () => (++looks > looksBefore ? 'new' : 'old');
  return { read, looks: () => looks };
}

test('a server that knows the new password before the secret does is waited for', async () => {
  const rotating = secret(3);
  expect(await rotatedPassword(rotating.read, 'old', { lookEveryMs: 5, lastsMs: 5_000 })).toBe('new');
  expect(rotating.looks()).toBe(4);
});

test('a password that stays refused is given back after a while', async () => {
  const wrong = secret(Number.POSITIVE_INFINITY);
  const started = Date.now();
  expect(await rotatedPassword(wrong.read, 'old', { lookEveryMs: 20, lastsMs: 100 })).toBe('old');
  expect(Date.now() - started).toBeLessThan(1_000);
  expect(wrong.looks()).toBeGreaterThan(1);
});

test('a secret that is another already is not waited for', async () => {
  const rotated = secret(0);
  expect(await rotatedPassword(rotated.read, 'old')).toBe('new');
});
