import type { TargetConfig } from '../../../config/run-config.js';
import { checkCopy } from '../../../engine/plan/check-copy.js';
import { parsePgType } from '../../../engine/rows/pg-types.js';
import { logicalTypeOf } from '../../../engine/rows/type-map.js';

/** Copies a column of a source type into one of a target's. */
function copy(sourceType: string, into: string, policy?: string): void {
  const type = logicalTypeOf({
    typeName: sourceType.replace(/\(.*/, ''),
    maxLength: 20,
    precision: 0,
    scale: 0,
  });
  const columns = [{ name: 'note', type: parsePgType(into), nullable: true, pgType: into, policy }];
  checkCopy({ name: 'copy', columns } as unknown as TargetConfig, {
    schema: 'dbo',
    table: 't',
    columns: [{ name: 'Note', type, nullable: true, sourceType }],
  });
}

describe('a plain copy by policy "bytes"', () => {
  it.each(['char(20)', 'varchar(20)', 'text', 'nchar(10)', 'nvarchar(10)', 'ntext', 'sysname'])(
    'takes %s into bytea',
    (sourceType) => {
      expect(() => copy(sourceType, 'bytea', 'bytes')).not.toThrow();
    },
  );

  it.each([
    ['xml', 'bytea', '"fail"'],
    ['json', 'bytea', '"fail"'],
    ['vector', 'bytea', '"fail"'],
    ['sql_variant', 'bytea', '"fail"'],
    ['varbinary(20)', 'bytea', '"fail"'],
    ['nvarchar(10)', 'text', '"fail" or "replace"'],
    ['nvarchar(10)', 'varchar(5)', '"fail" or "replace" or "truncate"'],
    ['date', 'date', '"fail"'],
  ])('refuses %s into %s, and lists what is allowed', (sourceType, into, allowed) => {
    expect(() => copy(sourceType, into, 'bytes')).toThrow(
      expect.objectContaining({
        code: 'TARGET_SHAPE',
        message: expect.stringMatching(`column note has "policy": "bytes"; allowed for .*: ${allowed}\\.`),
      }),
    );
  });

  it('is listed beside the policies that a text into bytea may have', () => {
    expect(() => copy('nvarchar(10)', 'bytea', 'replace')).toThrow('into bytea: "fail" or "bytes"');
    expect(() => copy('nvarchar(10)', 'bytea')).not.toThrow();
  });
});
