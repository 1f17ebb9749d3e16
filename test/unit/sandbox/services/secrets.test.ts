import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSecrets, writePrivate } from '../../../../sandbox/services/secrets.js';

describe('ensureSecrets', () => {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('makes passwords once and keeps them where only their owner reads', () => {
    const file = join(directory, 'deep', 'secrets.json');
    const made = ensureSecrets(file);
    expect(ensureSecrets(file)).toEqual(made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('adds what an older sandbox lacks, and changes nothing of what it has', () => {
    const file = join(directory, 'older.json');
    const { objectStoreKey, ...older } = ensureSecrets(file);
    writePrivate(file, JSON.stringify(older));
    const made = ensureSecrets(file);
    expect(made).toMatchObject(older);
    expect(made.objectStoreKey).not.toBe(objectStoreKey);
    expect(ensureSecrets(file)).toEqual(made);
  });

  it('makes other passwords for another sandbox, each of its own', () => {
    const one = Object.values(ensureSecrets(join(directory, 'one.json')));
    const two = Object.values(ensureSecrets(join(directory, 'two.json')));
    expect(new Set([...one, ...two]).size).toBe(8);
  });
});
