import { readFile } from 'node:fs/promises';
import { MigrationError } from '../engine/errors.js';
import { readStoredSecret } from './aws/secrets-manager.js';
import type { Given } from './variables.js';

/** A secret that may change while a worker runs. */
export interface SecretValue {
  /** The variable that holds or names it. */
  readonly name: string;
  /**
   * Its text. With one that was `refused`, the text as it is now, read anew unless another has been read since.
   * Throws SECRET_MISSING where it cannot be read, and what `readStoredSecret` throws.
   */
  read(refused?: string): Promise<string>;
}

/** Names of the variables that may hold a secret or say where it is, in the order in which they are looked at. */
export interface SecretNames {
  readonly value: string;
  readonly file: string;
  /** Of a name or ARN in Secrets Manager. */
  readonly stored: string;
}

/** The secret of the first of its variables that is set; undefined where none is. */
export function secretValue(names: SecretNames, given: Given): SecretValue | undefined {
  const { [names.value]: value, [names.file]: path, [names.stored]: id } = given;
  if (value !== undefined) return { name: names.value, read: async () => value };
  if (path !== undefined) return { name: names.file, read: () => readSecretFile(names.file, path) };
  if (id !== undefined) return storedSecret(names.stored, id);
  return undefined;
}

async function readSecretFile(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new MigrationError('SECRET_MISSING', `${name} names '${path}', which cannot be read.`, { cause });
  }
}

/** Kept once it is read: each session asks for it. Many that are refused together read it once. */
function storedSecret(name: string, id: string): SecretValue {
  let known: Promise<string> | undefined;
  const load = (): Promise<string> => {
    const loading = readStoredSecret(name, id);
    known = loading;
    loading.catch(() => {
      if (known === loading) known = undefined;
    });
    return loading;
  };
  return {
    name,
    async read(refused) {
      const seen = known;
      if (seen === undefined) return load();
      const text = await seen;
      if (text !== refused) return text;
      return known === undefined || known === seen ? load() : known;
    },
  };
}
