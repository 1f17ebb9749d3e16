import fc from 'fast-check';
import { parseFilter } from '../../../config/filter';
import { MigrationError } from '../../../engine/errors';

const chunkColumn = 'data_timestamp';
const boundsOf = (filter: string) => parseFilter(filter, { chunkColumn }).bounds;

function refusal(filter: string): string {
  try {
    parseFilter(filter, { chunkColumn, file: 'params.json', field: 'source_filter_t' });
  } catch (error) {
    expect(error).toBeInstanceOf(MigrationError);
    expect((error as MigrationError).code).toBe('FILTER_INVALID');
    return (error as MigrationError).message;
  }
  throw new Error(`accepted: ${filter}`);
}

describe('parseFilter accepts predicates over the row', () => {
  test.each([
    ["data_timestamp >= '2025-01-01' AND data_timestamp < '2025-04-01'", ['data_timestamp']],
    ['[cell id] IS NOT NULL OR NOT (a = 1 AND b <> 2)', ['cell id', 'a', 'b']],
    ["a IN (1, 2) AND b NOT LIKE 'x%' AND c NOT BETWEEN 1 AND 2", ['a', 'b', 'c']],
    ["name = N'O''Brien' AND path = 'C:\\dir\\'", ['name', 'path']],
    ['"quoted" = 1 AND ABS(-a) + b * 2 >= 1.50', ['quoted', 'a', 'b']],
    ["CASE WHEN a = 1 THEN b ELSE c END = 'x'", ['a', 'b', 'c']],
    ["CAST(a AS date) = '2025-01-01' AND DATEDIFF(day, b, a) > 3", ['a', 'b']],
    ["note = '-- no comment; /* nor here */ SELECT'", ['note']],
    ['a = 12345678901234567890 AND b = 0x1F', ['a', 'b']],
    ['a-b = 1 AND c-1 = 2', ['a', 'b', 'c']],
  ])('%s', (filter, columns) => {
    expect(parseFilter(filter).columns).toEqual(columns);
  });
});

describe('parseFilter refuses', () => {
  test.each([
    ['data_timestamp >=', 'does not parse', 'position 18'],
    ['', 'it is empty', ''],
    ['a = 1; DROP TABLE t', 'several statements', 'position 6'],
    ['a = 1 -- rest', 'comments', 'position 7'],
    ['a = 1 /* x */', 'comments', 'position 7'],
    ["a = 'open", 'a string has no end', 'position 5'],
    ['[open = 1', 'a quoted name has no end', 'position 1'],
    ['a = 1) OR (1 = 1', 'does not parse', 'position'],
    ['a = 1 ORDER BY a', 'does not parse', 'position'],
    ['a = 1 UNION SELECT 1', 'does not parse', 'position'],
    ['a = 1 OPTION (MAXDOP 8)', 'does not parse', 'position'],
    // To SQL Server the string ends after the backslash, so what follows is code.
    ["a = '\\' OR 1 = 1 --'", 'comments', 'position 18'],
  ])('%s', (filter, reason, position) => {
    const message = refusal(filter);
    expect(message).toContain(reason);
    expect(message).toContain(position);
  });

  test.each([
    'a = (SELECT MAX(b) FROM c)',
    'a IN (SELECT b FROM c)',
    'EXISTS (SELECT 1 FROM c)',
    'NOT EXISTS (SELECT 1)',
    'a = ALL (SELECT 1)',
    'a > GETDATE()',
    'a > CURRENT_TIMESTAMP',
    'RAND() > 0.5',
    'dbo.f(a) = 1',
    'COUNT(*) > 1',
    'a = @p',
    'a = :p',
    'a = @@VERSION',
    'other.dbo.a = 1',
    't.a = 1',
    'a = b COLLATE Latin1_General_BIN',
    'a',
    'a + 1',
    '1',
    'a AND b',
    'a = NULL',
    'a && b',
    'a = 1 || b = 2',
    'a = true',
    '[a]]b] = 1',
    'a = `b`',
    `a = ${'1'.repeat(4000)}`,
  ])('%s', (filter) => {
    expect(refusal(filter)).toMatch(
      /^params\.json: field 'source_filter_t' is ".*Allowed: one T-SQL predicate/s,
    );
  });
});

describe('bounds of the chunking column', () => {
  test.each([
    ["data_timestamp >= '2025-01-01' AND data_timestamp < '2025-04-01'", '2025-01-01', '2025-04-01'],
    ["'20250101' <= [Data_Timestamp] AND '2025-04-01T00:00:00' > data_timestamp", '2025-01-01', '2025-04-01'],
    [
      "(data_timestamp >= '2025-01-01' AND a = 1) AND data_timestamp >= '2025-02-01'",
      '2025-02-01',
      undefined,
    ],
    ["data_timestamp BETWEEN '2025-01-01' AND '2025-01-31 23:59:59'", '2025-01-01', '2025-02-02'],
    ["data_timestamp BETWEEN '2025-01-01' AND '2025-01-31'", '2025-01-01', '2025-02-01'],
    ["data_timestamp = '2025-01-05'", '2025-01-05', '2025-01-06'],
    ["data_timestamp < '2025-01-31 23:59:59.9999999'", undefined, '2025-02-01'],
    // datetime rounds .999 up to the next day's midnight, which <= then takes in.
    ["data_timestamp <= '2025-01-31 23:59:59.999'", undefined, '2025-02-02'],
    ["data_timestamp >= '2025-01-01' OR a = 1", undefined, undefined],
    ["NOT (data_timestamp >= '2025-01-01')", undefined, undefined],
    ["data_timestamp NOT BETWEEN '2025-01-01' AND '2025-02-01'", undefined, undefined],
    ["data_timestamp <> '2025-01-01'", undefined, undefined],
    ["data_timestamp >= '01/02/2025'", undefined, undefined],
    ["data_timestamp >= '2025-02-30'", undefined, undefined],
    ["other >= '2025-01-01'", undefined, undefined],
    ["data_timestamp > DATEADD(day, 1, '2025-01-01')", undefined, undefined],
    ["data_timestamp <= '9999-12-31 23:59:59'", undefined, undefined],
  ])('%s', (filter, from, to) => {
    expect(boundsOf(filter)).toEqual({ ...(from && { from }), ...(to && { to }) });
  });

  test('never exclude an instant that the filter takes in', () => {
    const instant = fc.date({
      min: new Date('1900-01-01'),
      max: new Date('2100-01-01'),
      noInvalidDate: true,
    });
    const operator = fc.constantFrom('<', '<=', '>', '>=', '=');
    const text = (at: Date) => at.toISOString().slice(0, 23).replace('T', ' ');
    const holds = { '<': (a: string, b: string) => a < b, '<=': (a: string, b: string) => a <= b };
    const accepts = (op: string, a: string, b: string): boolean =>
      op === '<' || op === '<=' ? holds[op](a, b) : op === '=' ? a === b : op === '>' ? a > b : a >= b;
    fc.assert(
      fc.property(
        instant,
        operator,
        operator,
        fc.integer({ min: -90_000_000, max: 90_000_000 }),
        instant,
        (at, op1, op2, shift, other) => {
          const near = new Date(at.getTime() + shift);
          const filter = `data_timestamp ${op1} '${text(at)}' AND data_timestamp ${op2} '${text(near)}'`;
          const { from, to } = boundsOf(filter);
          for (const value of [text(at), text(near), text(other)]) {
            if (!accepts(op1, value, text(at)) || !accepts(op2, value, text(near))) continue;
            expect(from === undefined || value >= from).toBe(true);
            expect(to === undefined || value < to).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('no string content can end the string for the parser: columns stay the same', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (content) => {
      const literal = `'${content.replaceAll('\0', '').replaceAll("'", "''")}'`;
      expect(parseFilter(`a = ${literal} AND b = 1`).columns).toEqual(['a', 'b']);
    }),
    { numRuns: 300 },
  );
});
