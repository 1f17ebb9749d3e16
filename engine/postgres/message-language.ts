import { MigrationError } from '../errors.js';
import type { Queryable } from './connection.js';

/** Empty is what the server's environment says, which nobody can ask for; builds without translations are English. */
const english = /^($|C($|\.)|POSIX$|en([_.@-]|$)|English)/;

/**
 * What quarantine needs of the server: that the place in a refused COPY is told in the words that
 * `copy-refusal.ts` reads. Only an administrator may choose them. Throws TARGET_SHAPE.
 */
export async function requireEnglishMessages(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ language: string; role: string }>(
    `SELECT current_setting('lc_messages') AS language, current_user AS role`,
  );
  const { language, role } = rows[0] ?? { language: '', role: '' };
  if (english.test(language)) return;
  throw new MigrationError(
    'TARGET_SHAPE',
    `The target's messages are in the language of '${language}' (lc_messages), and "poison": "quarantine" finds the row ` +
      `that PostgreSQL refuses by the English ones. Have an administrator run: ALTER ROLE "${role}" SET lc_messages = 'C' ` +
      '(or set it in the parameter group); or choose "poison": "park".',
  );
}
