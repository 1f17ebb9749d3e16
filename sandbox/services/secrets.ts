import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface SandboxSecrets {
  readonly sourcePassword: string;
  readonly targetPassword: string;
  readonly postgresPassword: string;
  readonly objectStoreKey: string;
}

/** The sandbox's passwords: random, made once, kept in a file that only its owner can read. What it lacks is added. */
export function ensureSecrets(file: string): SandboxSecrets {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<SandboxSecrets>) : {};
  const password = () => randomBytes(18).toString('base64url');
  const secrets = {
    // SQL Server's password policy wants three kinds of characters; real servers would refuse less.
    sourcePassword: `${password()}aA1`,
    targetPassword: password(),
    postgresPassword: password(),
    objectStoreKey: password(),
    ...kept,
  };
  if (Object.keys(secrets).length > Object.keys(kept).length)
    writePrivate(file, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

/** Writes a file that only its owner can read. */
export function writePrivate(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}
