import { daysOf, type FillColumn, type FillOptions, text } from './fill-options.js';

/** Texts that careless copying changes: separators, escapes, NULL's stand-ins, blanks, letters beyond ASCII. */
const latinTexts = [
  '',
  ' ',
  'tab\there',
  'line\nfeed',
  'carriage\r\nreturn',
  'back\\slash',
  "it''s 'quoted'",
  'say "yes", or; no',
  '\\N',
  '\\.',
  'NULL',
  'None',
  'trailing blanks  ',
  '  leading blanks',
  'Ærøskøbing, Malmö, São Paulo, ß ÿ ¤',
  'euro € and “quotes” of code page 1252',
] as const;

const unicodeTexts = ['emoji 😀 and 👩‍👩‍👧', '基地局 東京', 'Київ – Αθήνα', 'e\u0301 is not \u00e9'] as const;

const decimals = ['99999999.999', '-99999999.999', '0.000', '-0.001', '0.001', null, '-0.500'] as const;
const integers = ['2147483647', '-2147483648', '-1', '0', '-2147400000', null] as const;
const smallIntegers = ['32767', '-32768', '0', null, '-1'] as const;

interface Hurt {
  readonly id: string;
  readonly text: string | null;
  readonly day: number;
  readonly time: string;
  /** True for the row with NULL in every nullable column. */
  readonly allNull?: boolean;
}

/**
 * Rows of a VALUES list: each text as name and as part of an id, the ends of every numeric range, NULL in every
 * nullable column, and on every day a row at its first and at its last instant. Most have a partner on the
 * other side with the same id and instant.
 */
export function hurtingRows(
  side: 'left' | 'right',
  columns: readonly FillColumn[],
  options: FillOptions,
): string {
  return hurts(side, options)
    .map(
      (hurt, row) =>
        `  (${columns.map((column, index) => cell(column, hurt, row + index, options)).join(', ')})`,
    )
    .join(',\n');
}

function hurts(side: 'left' | 'right', options: FillOptions): readonly Hurt[] {
  const days = daysOf(side, options);
  const shared = days.filter((day) => daysOf(side === 'left' ? 'right' : 'left', options).includes(day));
  const texts = options.text === 'nvarchar' ? [...latinTexts, ...unicodeTexts] : latinTexts;
  const last = options.time === 'datetime' ? '23:59:59.997' : '23:59:59.999';
  const byText = texts.map((value, index) => ({
    // No trailing blank in a key: SQL Server and PostgreSQL disagree on whether it is part of it.
    id: `${options.idPrefix}-h${index} ${value.trim()}`.trim(),
    text: value,
    day: shared[index % shared.length] ?? 0,
    time: '12:00:00.003',
  }));
  const byDay = days.flatMap((day) =>
    [...new Set(['00:00:00.000', '23:59:59.997', last])].map((time) => ({
      id: `${options.idPrefix}-edge`,
      text: null,
      day,
      time,
    })),
  );
  const nothing = {
    id: `${options.idPrefix}-null`,
    text: null,
    day: shared[0] ?? 0,
    time: '06:00:00.000',
    allNull: true,
  };
  const alone = {
    id: `${options.idPrefix}-only-${side}`,
    text: 'alone',
    day: shared[0] ?? 0,
    time: '06:00:00.007',
  };
  return [...byText, ...byDay, nothing, alone];
}

function cell(column: FillColumn, hurt: Hurt, turn: number, options: FillOptions): string {
  const pick = (values: readonly (string | null)[]) =>
    hurt.allNull ? null : (values[turn % values.length] ?? null);
  switch (column.role) {
    case 'id':
      return text(hurt.id);
    case 'text':
      return hurt.text === null ? 'NULL::VARCHAR' : text(hurt.text);
    case 'decimal':
      return `${pick(decimals) ?? 'NULL'}::DECIMAL(11,3)`;
    case 'int':
      return `(${pick(integers) ?? 'NULL'})::INTEGER`;
    case 'smallint':
      return `(${pick(smallIntegers) ?? 'NULL'})::SMALLINT`;
    case 'time': {
      const first = Date.parse(`${options.firstDay ?? '2025-01-01'}T00:00:00Z`);
      const day = new Date(first + hurt.day * 86_400_000).toISOString().slice(0, 10);
      return `TIMESTAMP '${day} ${hurt.time}'`;
    }
  }
}
