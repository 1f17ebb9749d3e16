import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqlFile } from '../../../engine/sql-files';

test('the documented grants are the file that tests and sandbox run', () => {
  const page = readFileSync(join(__dirname, '../../../docs/target-permissions.md'), 'utf8');
  const first = /```sql\n([\s\S]*?)```/.exec(page)?.[1];
  expect(first).toBe(sqlFile('postgres/grants.sql'));
});
