import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSecrets } from '../../../../sandbox/services/secrets.js';

describe('ensureSecrets', () => {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('makes passwords once and keeps them where only their owner reads', () => {
    const file = join(directory, 'deep', 'secrets.json');
    const made = ensureSecrets(file);
    expect(ensureSecrets(file)).toEqual(made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('makes other passwords for another sandbox, each of its own', () => {
    const one = Object.values(ensureSecrets(join(directory, 'one.json')));
    const two = Object.values(ensureSecrets(join(directory, 'two.json')));
    expect(new Set([...one, ...two]).size).toBe(8);
  });
});
