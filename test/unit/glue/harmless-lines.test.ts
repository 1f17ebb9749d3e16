import { harmlessLines } from '../../../engine/glue/harmless-lines.js';

describe('what of a log may be told', () => {
  it.each([
    ['  File "/tmp/glue-python-libs-x/export.py", line 12, in export', 'export.py", line 12, in export'],
    ['java.lang.OutOfMemoryError: Java heap space', 'java.lang.OutOfMemoryError Java heap space'],
    [
      "Caused by: com.microsoft.sqlserver.jdbc.SQLServerException: Login failed for user 'reader'.",
      'com.microsoft.sqlserver.jdbc.SQLServerException',
    ],
    ['ValueError: invalid literal: 4711', 'ValueError'],
    [
      "SparkException: [DIVIDE_BY_ZERO] x = 'Jane' SQLSTATE: 22012",
      'SparkException [DIVIDE_BY_ZERO] SQLSTATE: 22012',
    ],
    [
      'Container killed by YARN for exceeding memory limits. 5.6 GB',
      'Container killed by YARN for exceeding memory limits',
    ],
    ['Command failed with exit code 137', 'exit code 137'],
  ])('of %j: %j', (line, told) => expect(harmlessLines(line)).toEqual([told]));

  it.each([
    "Key (name)=('Jane Doe') already exists",
    'row 4711: [Jane, +49 30 1234567, [NOT_AN_ERROR]]',
    "password='not-a-secret-of-anyone'",
    'the value TypoError of column note',
    '',
  ])('nothing of %j', (line) => expect(harmlessLines(line)).toEqual([]));

  it('a repeated line is told once', () => {
    expect(harmlessLines('ValueError: 1\r\nValueError: 2\nKeyError: 3')).toEqual(['ValueError', 'KeyError']);
  });
});
