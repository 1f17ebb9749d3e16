import { firstHalf, halfOffset } from './half-pairs.js';

/**
 * DuckDB macros for what SQL Server does differently, created once in the instance's own catalog and called by
 * their full name. Names say which T-SQL behaviour they stand for.
 */
const seconds0001 = '62135596800000000';
const iso = String.raw`\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,DIGITS})?)?)?`;
const basic = String.raw`\d{8}( \d{2}:\d{2}(:\d{2}(\.\d{1,DIGITS})?)?)?`;

const parseTimestamp = (name: string, digits: number): string => `
CREATE MACRO IF NOT EXISTS ${name}(x) AS CASE
  WHEN regexp_full_match(trim(x), '${iso.replace('DIGITS', String(digits))}')
    THEN CAST(if(strlen(trim(x)) = 16, trim(x) || ':00', trim(x)) AS TIMESTAMP)
  WHEN regexp_full_match(trim(x), '${basic.replace('DIGITS', String(digits))}')
    THEN CAST(substr(trim(x), 1, 4) || '-' || substr(trim(x), 5, 2) || '-' || substr(trim(x), 7)
      || if(strlen(trim(x)) = 14, ':00', '') AS TIMESTAMP)
  WHEN trim(x) = '' THEN TIMESTAMP '1900-01-01'
  WHEN x IS NULL THEN NULL
  ELSE CAST(error('tsql:241') AS TIMESTAMP) END`;

// Windows-1252: what lies outside Latin-1, in the order of bytes 80 to 9F (five are undefined).
const cp1252High = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

export const macros: readonly string[] = [
  // datetime counts 1/300 s: .000, .003, .007 (docs: datetime, "Rounding of datetime fractional second precision").
  `CREATE MACRO IF NOT EXISTS tsql_datetime(ts) AS make_timestamp(CAST((
     (((epoch_us(ts) + ${seconds0001}) * 3 + 5000) // 10000) * 10 + 1) // 3 * 1000 - ${seconds0001} AS BIGINT))`,
  // datetime to datetime2 keeps the thirds of a millisecond from compatibility level 130 on.
  `CREATE MACRO IF NOT EXISTS tsql_widen_datetime(ts) AS make_timestamp(CAST((
     (((epoch_us(ts) + ${seconds0001}) * 3 + 5000) // 10000) * 10000 + 1) // 3 - ${seconds0001} AS BIGINT))`,
  `CREATE MACRO IF NOT EXISTS tsql_round(ts, unit) AS make_timestamp(CAST(
     (epoch_us(ts) + ${seconds0001} + unit // 2) // unit * unit - ${seconds0001} AS BIGINT))`,
  // smalldatetime: 29.998 s and less go down (docs: smalldatetime).
  `CREATE MACRO IF NOT EXISTS tsql_smalldatetime(ts) AS make_timestamp(CAST(
     (epoch_us(ts) + ${seconds0001} + 30001000) // 60000000 * 60000000 - ${seconds0001} AS BIGINT))`,
  `CREATE MACRO IF NOT EXISTS tsql_in_range(ts, low, high, kinds) AS CASE
     WHEN ts < CAST(low AS TIMESTAMP) OR ts >= CAST(high AS TIMESTAMP)
     THEN CAST(error('tsql:242 ' || kinds) AS TIMESTAMP) ELSE ts END`,
  parseTimestamp('tsql_timestamp', 7),
  parseTimestamp('tsql_timestamp3', 3),
  String.raw`CREATE MACRO IF NOT EXISTS tsql_integer_text(x, duck) AS CASE
     WHEN regexp_full_match(x, '\s*[-+]?[0-9]+\s*') THEN x
     WHEN trim(x) = '' THEN '0' WHEN x IS NULL THEN NULL
     ELSE CAST(error('Could not convert string ''' || x || ''' to ' || duck) AS VARCHAR) END`,
  String.raw`CREATE MACRO IF NOT EXISTS tsql_decimal_text(x) AS CASE
     WHEN x IS NULL OR regexp_full_match(x, '\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*') THEN x
     ELSE CAST(error('Could not convert string to DECIMAL') AS VARCHAR) END`,
  `CREATE MACRO IF NOT EXISTS tsql_bit_text(x) AS CASE
     WHEN x IS NULL THEN NULL WHEN lower(trim(x)) = 'true' THEN true WHEN lower(trim(x)) = 'false' THEN false
     ELSE CAST(tsql_integer_text(x, 'BOOL') AS BIGINT) <> 0 END`,
  // Style 0: "mon dd yyyy hh:miAM", day and hour padded with blanks.
  `CREATE MACRO IF NOT EXISTS tsql_style0(ts) AS strftime(ts, '%b ') || lpad(CAST(day(ts) AS VARCHAR), 2, ' ')
     || strftime(ts, ' %Y ') || lpad(CAST((hour(ts) + 11) % 12 + 1 AS VARCHAR), 2, ' ') || strftime(ts, ':%M%p')`,
  // What code page 1252 cannot hold becomes a question mark for each UTF-16 unit.
  `CREATE MACRO IF NOT EXISTS tsql_best_fit(x) AS CASE WHEN strlen(x) = length(x) THEN x ELSE
     regexp_replace(regexp_replace(x, '[\\x{10000}-\\x{10F7FF}]', '??', 'g'),
       '[^\\x{1}-\\x{FF}${cp1252High}]', '?', 'g') END`,
  `CREATE MACRO IF NOT EXISTS tsql_single_byte_hex(x, upper_half) AS CASE WHEN strlen(x) = length(x) THEN hex(encode(x)) ELSE
     list_aggregate(list_transform(string_split(x, ''), lambda c: lpad(hex(CASE
       WHEN unicode(c) < 128 THEN unicode(c) ELSE 127 + strpos(upper_half, c) END), 2, '0')), 'string_agg', '') END`,
  `CREATE MACRO IF NOT EXISTS tsql_utf16_unit(u) AS lpad(hex(u % 256), 2, '0') || lpad(hex(u // 256), 2, '0')`,
  `CREATE MACRO IF NOT EXISTS tsql_utf16_hex(x) AS CASE WHEN strlen(x) = length(x)
     THEN regexp_replace(hex(encode(x)), '(..)', '\\100', 'g') ELSE
     list_aggregate(list_transform(string_split(x, ''), lambda c: CASE
       WHEN unicode(c) < 65536 THEN tsql_utf16_unit(unicode(c))
       WHEN unicode(c) >= ${firstHalf} THEN tsql_utf16_unit(unicode(c) - ${halfOffset})
       ELSE tsql_utf16_unit(55296 + (unicode(c) - 65536) // 1024)
         || tsql_utf16_unit(56320 + (unicode(c) - 65536) % 1024) END), 'string_agg', '') END`,
  String.raw`CREATE MACRO IF NOT EXISTS tsql_utf16_length(x) AS CASE WHEN strlen(x) = length(x) THEN length(x)
     ELSE length(x) + length(regexp_replace(x, '[^\x{10000}-\x{10F7FF}]', '', 'g')) END`,
  // 100 ns within the second; from datetime the thirds of a millisecond are kept (compatibility level 130 and up).
  `CREATE MACRO IF NOT EXISTS tsql_ticks(ts) AS (epoch_us(ts) + ${seconds0001}) % 1000000 * 10`,
  `CREATE MACRO IF NOT EXISTS tsql_thirds(ts) AS
     ((((epoch_us(ts) + ${seconds0001}) * 3 + 5000) // 10000 % 300) * 100000 + 1) // 3`,
  `CREATE MACRO IF NOT EXISTS tsql_clock_rounded(ticks, unit) AS (ticks + unit // 2) // unit * unit`,
  `CREATE MACRO IF NOT EXISTS tsql_clock_text(second, ticks, unit, digits) AS
     strftime(second + to_seconds(tsql_clock_rounded(ticks, unit) // 10000000), '%Y-%m-%d %H:%M:%S')
     || if(digits = 0, '', '.' || left(lpad(CAST(tsql_clock_rounded(ticks, unit) % 10000000 AS VARCHAR), 7, '0'), digits))`,
  `CREATE MACRO IF NOT EXISTS tsql_clock_timestamp(second, ticks, unit) AS
     second + to_microseconds(tsql_clock_rounded(ticks, unit) // 10)`,
  `CREATE MACRO IF NOT EXISTS tsql_offset_minutes(x) AS if(substr(x, length(x) - 5, 1) = '-', -1, 1)
     * (CAST(substr(x, length(x) - 4, 2) AS INTEGER) * 60 + CAST(right(x, 2) AS INTEGER))`,
  `CREATE MACRO IF NOT EXISTS tsql_switch_offset(x, minutes) AS
     strftime(CAST(left(x, 19) AS TIMESTAMP) + to_minutes(minutes - tsql_offset_minutes(x)), '%Y-%m-%d %H:%M:%S')
     || substr(x, 20, length(x) - 26)`,
  // What code page 932, 936, 949 or 950 takes two bytes for; half-width katakana take one.
  String.raw`CREATE MACRO IF NOT EXISTS tsql_double_byte_length(x) AS CASE WHEN strlen(x) = length(x) THEN length(x)
     ELSE length(x) + length(regexp_replace(x, '[\x{1}-\x{7F}\x{FF61}-\x{FF9F}]', '', 'g')) END`,
  // Ends of 64 and 32 bits (docs: money and smallmoney).
  `CREATE MACRO IF NOT EXISTS tsql_money(x) AS CASE WHEN x BETWEEN -922337203685477.5808 AND 922337203685477.5807
     THEN x WHEN x IS NULL THEN NULL ELSE CAST(error('Overflow') AS DECIMAL(19,4)) END`,
  `CREATE MACRO IF NOT EXISTS tsql_smallmoney(x) AS CASE WHEN x BETWEEN -214748.3648 AND 214748.3647
     THEN x WHEN x IS NULL THEN NULL ELSE CAST(error('Overflow') AS DECIMAL(10,4)) END`,
  `CREATE MACRO IF NOT EXISTS tsql_money_text(x) AS CAST(CAST(x AS DECIMAL(21,2)) AS VARCHAR)`,
  `CREATE MACRO IF NOT EXISTS tsql_unscaled(x) AS CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT)`,
  `CREATE MACRO IF NOT EXISTS tsql_scaled_text(q, scale, power) AS if(q < 0, '-', '')
     || CAST(abs(q) // power AS VARCHAR) || '.' || lpad(CAST(abs(q) % power AS VARCHAR), scale, '0')`,
  `CREATE MACRO IF NOT EXISTS tsql_divisor(x) AS CASE WHEN x = 0
     THEN CAST(error('tsql:8134') AS BIGINT) ELSE x END`,
];

/** A call of one of the macros. */
export const macro = (name: string, ...args: readonly string[]): string =>
  `memory.main.tsql_${name}(${args.join(', ')})`;
