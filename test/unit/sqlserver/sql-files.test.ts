import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqlFile } from '../../../engine/sql-files';

const root = join(__dirname, '../../..');

describe('fixed SQL', () => {
  it('is found and read', () => {
    expect(sqlFile('sqlserver/session.sql')).toContain('SET NOCOUNT OFF');
    expect(() => sqlFile('sqlserver/absent.sql')).toThrow(/absent/);
  });

  it('has no file that nobody uses, and lacks none', () => {
    const sources = readdirSync(join(root, 'engine/sqlserver'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, 'engine/sqlserver', name), 'utf8'));
    const used = new Set(sources.flatMap((text) => text.match(/sqlserver\/[a-z-]+\.sql/g) ?? []));
    const present = readdirSync(join(root, 'sql/sqlserver'))
      .filter((name) => name.endsWith('.sql'))
      .map((name) => `sqlserver/${name}`);
    expect([...used].sort()).toEqual(present.sort());
  });
});
