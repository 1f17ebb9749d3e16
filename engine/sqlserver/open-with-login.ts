import { MigrationError } from '../errors.js';
import type { SourceSession } from './session.js';

/** Credentials that may have been rotated since they were read. */
export interface RenewableLogin<Login> {
  readonly current: () => Promise<Login>;
  /** What to use in place of those that the server refused; undefined where there is nothing else. */
  readonly renewed: (refused: Login) => Promise<Login | undefined>;
  readonly open: (login: Login) => Promise<SourceSession>;
}

/**
 * Opens a session. Where the server refuses the login, its secret is read anew, and tried once more if it has changed:
 * the same password again would only count towards the lock of the account.
 * @throws MigrationError what `open` throws, and what reading the secret throws
 */
export async function openWithLogin<Login>(login: RenewableLogin<Login>): Promise<SourceSession> {
  const first = await login.current();
  try {
    return await login.open(first);
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code !== 'SOURCE_LOGIN') throw error;
    const second = await login.renewed(first);
    if (second === undefined) throw error;
    return login.open(second);
  }
}
