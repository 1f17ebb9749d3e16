/** One value of a type: how T-SQL writes it, and the text that documentation gives it. */
interface MatrixValue {
  /** What is special about it. */
  readonly what: string;
  /** T-SQL expression. */
  readonly literal: string;
  /**
   * Numbers with all digits of their scale, floats as the shortest digits that give them back (`-0`), times with all
   * digits of their precision, offsets as ` +02:00`, uuids in lower case, bytes as lower-case hex, bits as 0 and 1; all
   * else the characters themselves.
   */
  readonly text: string;
}

export interface MatrixType {
  /** Name of its table, `dbo.<name>`, with columns `id int` (from 1) and `v` of the type. */
  readonly name: string;
  readonly declaration: string;
  readonly values: readonly MatrixValue[];
}

type Given = readonly [what: string, literal: string, text: string];

const type = (declaration: string, ...values: readonly Given[]): MatrixType => ({
  name: declaration.replace(/\W+/g, '_').replace(/_$/, '').toLowerCase(),
  declaration,
  values: values.map(([what, literal, text]) => ({ what, literal, text })),
});

const nines = (count: number): string => '9'.repeat(count);
const number = (what: string, text: string): Given => [what, text, text];
const quoted = (what: string, text: string): Given => [what, `'${text}'`, text];
const wide = (what: string, text: string): Given => [what, `N'${text.replaceAll("'", "''")}'`, text];
const bytes = (what: string, hex: string): Given => [what, `0x${hex}`, hex];

const integers = [
  type('bit', number('false', '0'), number('true', '1')),
  type('tinyint', number('min', '0'), number('max', '255')),
  type('smallint', number('min', '-32768'), number('zero', '0'), number('max', '32767')),
  type('int', number('min', '-2147483648'), number('zero', '0'), number('max', '2147483647')),
  type(
    'bigint',
    number('min', '-9223372036854775808'),
    number('zero', '0'),
    number('-1', '-1'),
    number('beyond 2^53', '9007199254740993'),
    number('max', '9223372036854775807'),
  ),
];

/** Ends, zero and smallest steps of a decimal, by "decimal and numeric (Transact-SQL)". */
function decimal(name: 'decimal' | 'numeric', precision: number, scale: number): MatrixType {
  const fixed = (digits: string): string => {
    const all = digits.padStart(scale + 1, '0');
    return scale === 0 ? all : `${all.slice(0, -scale)}.${all.slice(-scale)}`;
  };
  return type(
    `${name}(${precision},${scale})`,
    number('min', `-${fixed(nines(precision))}`),
    number('smallest step below zero', `-${fixed('1')}`),
    number('zero', fixed('0')),
    number('smallest step', fixed('1')),
    number('max', fixed(nines(precision))),
  );
}

const numbers = [
  ...[
    [4, 0],
    [9, 3],
    [18, 9],
    [19, 4],
    [28, 10],
    [38, 0],
    [38, 20],
    [38, 38],
  ].map(([precision, scale]) => decimal('decimal', precision as number, scale as number)),
  decimal('numeric', 12, 5),
  type(
    'money',
    ['min', "CONVERT(money, '-922337203685477.5808')", '-922337203685477.5808'],
    number('zero', '0.0000'),
    number('smallest step', '0.0001'),
    number('low half all ones', '429496.7295'),
    ['max', "CONVERT(money, '922337203685477.5807')", '922337203685477.5807'],
  ),
  type('smallmoney', number('min', '-214748.3648'), number('zero', '0.0000'), number('max', '214748.3647')),
  type(
    'float',
    ['min', '-1.7976931348623157e308', '-1.7976931348623157e+308'],
    ['nearest below zero', '-2.2250738585072014e-308', '-2.2250738585072014e-308'],
    ['minus zero', '-0e0', '-0'],
    ['zero', '0e0', '0'],
    ['a third', '0.3333333333333333e0', '0.3333333333333333'],
    ['2^53 + 2', '9007199254740994e0', '9007199254740994'],
    ['max', '1.7976931348623157e308', '1.7976931348623157e+308'],
  ),
  type(
    'real',
    ['min', '-3.4028235e38', '-3.4028235e+38'],
    ['minus zero', '-0e0', '-0'],
    ['zero', '0e0', '0'],
    ['not exact in binary', '1.1e0', '1.1'],
    ['smallest normal', '1.1754944e-38', '1.1754944e-38'],
    ['max', '3.4028235e38', '3.4028235e+38'],
  ),
];

/** The longest fraction of a precision: `.999`, or nothing. */
const fraction = (scale: number, digit: string): string => (scale === 0 ? '' : `.${digit.repeat(scale)}`);
const scales = [0, 1, 2, 3, 4, 5, 6, 7];

const times = [
  type('date', quoted('min', '0001-01-01'), quoted('leap day', '2024-02-29'), quoted('max', '9999-12-31')),
  type('smalldatetime', quoted('min', '1900-01-01 00:00:00'), quoted('max', '2079-06-06 23:59:00')),
  type(
    'datetime',
    quoted('min', '1753-01-01 00:00:00.000'),
    quoted('a third up', '1969-12-31 23:59:59.003'),
    quoted('two thirds', '2025-01-31 12:00:00.007'),
    quoted('max', '9999-12-31 23:59:59.997'),
  ),
  ...scales.flatMap((scale) => [
    type(
      `time(${scale})`,
      quoted('min', `00:00:00${fraction(scale, '0')}`),
      quoted('odd digits', `12:34:56${fraction(scale, '1')}`),
      quoted('max', `23:59:59${fraction(scale, '9')}`),
    ),
    type(
      `datetime2(${scale})`,
      quoted('min', `0001-01-01 00:00:00${fraction(scale, '0')}`),
      quoted('just before 1970', `1969-12-31 23:59:59${fraction(scale, '9')}`),
      quoted('max', `9999-12-31 23:59:59${fraction(scale, '9')}`),
    ),
    type(
      `datetimeoffset(${scale})`,
      quoted('min', `0001-01-01 00:00:00${fraction(scale, '0')} +00:00`),
      quoted('min of UTC, furthest east', `0001-01-01 14:00:00${fraction(scale, '0')} +14:00`),
      quoted('furthest west', `0001-01-01 00:00:00${fraction(scale, '1')} -14:00`),
      quoted('odd minutes', `2025-06-30 00:10:00${fraction(scale, '1')} +05:45`),
      quoted('less than an hour west', `2025-06-30 23:59:59${fraction(scale, '9')} -00:30`),
      quoted('max of UTC, furthest west', `9999-12-31 09:59:59${fraction(scale, '9')} -14:00`),
      quoted('max', `9999-12-31 23:59:59${fraction(scale, '9')} +14:00`),
    ),
  ]),
];

/** A text of each code page, by Microsoft's and the Unicode Consortium's tables; ends with its odd ones. */
const codePages: readonly (readonly [collation: string, text: string])[] = [
  ['Polish_CI_AS', 'Zażółć gęślą jaźń €'],
  ['Cyrillic_General_CI_AS', 'Съешь же ещё этих № Ђћ'],
  ['SQL_Latin1_General_CP1_CI_AS', 'Ærø ß ÿ “quotes” € ž'],
  ['Latin1_General_CI_AS', 'Málaga œ ‰ Ÿ'],
  ['Greek_CI_AS', 'Ξεσκεπάζω την ΐ Ώ'],
  ['Turkish_CI_AS', 'İstanbul ığdır ş Ğ'],
  ['Hebrew_CI_AS', 'שלום ₪'],
  ['Arabic_CI_AS', 'مرحبا ،؟ پ'],
  ['Lithuanian_CI_AS', 'Įlinkdama fechtuotojo ąčęėįšųūž'],
  ['Vietnamese_CI_AS', 'Đă Ơơ Ưư ₫'],
  ['Thai_CI_AS', 'ภาษาไทย ฿ ๙'],
  ['Japanese_CI_AS', '基地局 テスト ｶﾀｶﾅ ①'],
  ['Chinese_PRC_CI_AS', '基站 数据 龙'],
  ['Korean_Wansung_CI_AS', '기지국 똠방각하'],
  ['Chinese_Taiwan_Stroke_CI_AS', '基地台 資料 龍'],
  ['SQL_Latin1_General_CP437_CI_AS', 'naïve ½ ░ ß'],
  ['SQL_Latin1_General_CP850_CI_AS', 'Ø × ¾ ı'],
  ['SQL_Latin1_General_CP1251_CI_AS', 'Привет'],
  ['Latin1_General_100_CI_AS_SC_UTF8', 'é 基 😀 👩‍👩‍👧'],
  ['Latin1_General_100_BIN2_UTF8', 'е\u0301 ≠ \u00e9'],
];

const odd: readonly Given[] = [
  wide('empty', ''),
  wide('one blank', ' '),
  wide('trailing blanks', 'ab  '),
  wide('separators and escapes', 'tab\t cr\r lf\n back\\slash "quote\' \\N \\.'),
  ['U+0000', "N'a' + NCHAR(0) + N'b'", 'a\0b'],
];

const beyondBmp: readonly Given[] = [
  wide('a surrogate pair', '😀'),
  wide('right to left and combining', 'שלום e\u0301'),
];

const long = (unit: string, times: number): Given => [
  `${times} times ${unit}`,
  `REPLICATE(CONVERT(nvarchar(max), N'${unit}'), ${times})`,
  unit.repeat(times),
];

const characters = [
  ...codePages.flatMap(([collation, text]) => [
    type(`varchar(100) COLLATE ${collation}`, wide('its own letters', text), wide('empty', '')),
    type(`varchar(max) COLLATE ${collation}`, wide('its own letters', text), long(text.slice(0, 3), 3_000)),
  ]),
  type('varchar(8000)', ...odd, long('x', 8_000)),
  type('char(5)', ['padded', "'ab'", 'ab   '], ['empty', "''", '     '], quoted('full', 'abcde')),
  type('char(6) COLLATE Japanese_CI_AS', ['padded to bytes', "N'基a'", '基a   '], wide('full', '基地局')),
  type('char(6) COLLATE Latin1_General_100_CI_AS_SC_UTF8', ['padded to bytes', "N'é'", 'é    ']),
  type('nchar(4)', ['padded', "N'Ω'", 'Ω   '], ['a pair counts twice', "N'😀'", '😀  ']),
  type('nvarchar(4000)', ...odd, ...beyondBmp, long('Ω', 4_000)),
  type('nvarchar(max)', ...odd, ...beyondBmp, long('😀', 10_000)),
  type('text', ...odd, long('x', 20_000)),
  type('ntext', ...odd, ...beyondBmp, long('Ω', 20_000)),
  type('sysname', wide('a name', 'name')),
];

/** 47.65100 N, 122.34900 W as two doubles. */
const point = '9ca223b9fcd34740c976be9f1a965ec0';

const binaries = [
  type('binary(4)', bytes('full', 'deadbeef'), ['padded', '0x01', '01000000']),
  type('varbinary(8000)', bytes('empty', ''), bytes('one zero', '00'), bytes('ends', '00ff7f80')),
  type('varbinary(max)', bytes('empty', ''), bytes('20,000 bytes', 'c3a9'.repeat(10_000))),
  type(
    'image',
    bytes('empty', ''),
    bytes('not UTF-8', 'ff00fe'),
    bytes('20,000 bytes', '0d0a'.repeat(10_000)),
  ),
  type(
    'uniqueidentifier',
    quoted('zeros', '00000000-0000-0000-0000-000000000000'),
    quoted('each byte another', '00112233-4455-6677-8899-aabbccddeeff'),
    quoted('ones', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  ),
  type('hierarchyid', ['/1/', 'CONVERT(hierarchyid, 0x58)', '58'], ['/', 'CONVERT(hierarchyid, 0x)', '']),
  // SRID 4326, version 1, one point (MS-SSCLRT 2.1).
  type('geography', ['a point', `CONVERT(geography, 0xe6100000010c${point})`, `e6100000010c${point}`]),
  type('geometry', ['a point', `CONVERT(geometry, 0x00000000010c${point})`, `00000000010c${point}`]),
];

const others = [
  type(
    'xml',
    wide('empty', ''),
    wide('an element', '<a/>'),
    wide('entities and letters', '<a b="1">x &amp; é 😀</a>'),
    long('<a/>', 5_000),
  ),
  type(
    'sql_variant',
    ['int', '-7', '-7'],
    ['bit', 'CONVERT(bit, 1)', '1'],
    ['bigint', 'CONVERT(bigint, 9223372036854775807)', '9223372036854775807'],
    ['decimal', 'CONVERT(decimal(38,3), -0.5)', '-0.500'],
    ['money', 'CONVERT(money, 1.5)', '1.5000'],
    ['float', '-2.5e-300', '-2.5e-300'],
    ['date', "CONVERT(date, '0001-01-01')", '0001-01-01'],
    ['datetime', "CONVERT(datetime, '1753-01-01 00:00:00.003')", '1753-01-01 00:00:00.003'],
    ['datetime2(7)', "CONVERT(datetime2(7), '9999-12-31 23:59:59.9999999')", '9999-12-31 23:59:59.9999999'],
    ['time(3)', "CONVERT(time(3), '23:59:59.999')", '23:59:59.999'],
    [
      'datetimeoffset(7)',
      "CONVERT(datetimeoffset(7), '2025-01-31 23:59:59.1234567 -03:30')",
      '2025-01-31 23:59:59.1234567 -03:30',
    ],
    ['varchar', "'é€ '", 'é€ '],
    ['nvarchar', "N'Ω😀 '", 'Ω😀 '],
    ['varbinary', '0x00FF', '00ff'],
    [
      'uniqueidentifier',
      "CONVERT(uniqueidentifier, '00112233-4455-6677-8899-AABBCCDDEEFF')",
      '00112233-4455-6677-8899-aabbccddeeff',
    ],
  ),
];

/** Every type that a column of SQL Server 2022 can have, but rowversion, which takes no value, with extreme values. */
export const typeMatrix: readonly MatrixType[] = [
  ...integers,
  ...numbers,
  ...times,
  ...characters,
  ...binaries,
  ...others,
];

/** T-SQL that makes a type's table and fills it: its values in order, then a NULL; one row has the id of its place. */
export function matrixStatements({ name, declaration, values }: MatrixType): readonly string[] {
  const literals = [...values.map(({ literal }) => literal), 'NULL'];
  return [
    `CREATE TABLE dbo.${name} (id int NOT NULL PRIMARY KEY, v ${declaration} NULL)`,
    ...literals.map((literal, index) => `INSERT INTO dbo.${name} (id, v) VALUES (${index + 1}, ${literal})`),
  ];
}
