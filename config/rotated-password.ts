import { setTimeout as sleep } from 'node:timers/promises';

/** A rotation has the server take the new password first, and moves the label of the secret some seconds later. */
const rotation = { lookEveryMs: 2_000, lastsMs: 60_000 };

/**
 * The password in the place of one that a server has refused; where none comes in a minute, the refused one.
 * @param read gives the password as it is stored now
 */
export async function rotatedPassword(
  read: () => Promise<string>,
  refused: string,
  { lookEveryMs, lastsMs } = rotation,
): Promise<string> {
  const until = Date.now() + lastsMs;
  for (;;) {
    const password = await read();
    if (password !== refused || Date.now() + lookEveryMs > until) return password;
    await sleep(lookEveryMs);
  }
}
