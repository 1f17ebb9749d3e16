import { decodeHex } from '../../../../support/decode-answer';

const micros = (text: string) => BigInt(Date.parse(`${text}Z`)) * 1_000n;
type Precision = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
const time = (precision: Precision) => ({ kind: 'time', precision }) as const;
const timestamp = (precision: Precision) => ({ kind: 'timestamp', precision }) as const;
const offset = (precision: Precision) => ({ kind: 'offsetTimestamp', precision }) as const;
/** 23:59:59.9999999 and 9999-12-31. */
const lastTick = 'ffbf692ac9';
const lastDay = 'dab937';

describe('date, time(n), datetime2(n) and datetimeoffset(n)', () => {
  it('have days from 0001-01-01', () => {
    expect(decodeHex('28', { kind: 'date' }, '03 000000', `03 ${lastDay}`, '03 3af90a', '00')).toEqual([
      -719_162,
      2_932_896,
      0,
      null,
    ]);
  });

  it('have times as text with all digits of their precision', () => {
    expect(decodeHex('29 00', time(0), '03 000000', '03 7f5101', '00')).toEqual([
      '00:00:00',
      '23:59:59',
      null,
    ]);
    expect(decodeHex('29 03', time(3), '04 ff5b2605')).toEqual(['23:59:59.999']);
    expect(decodeHex('29 07', time(7), '05 0000000000', '05 0100000000', `05 ${lastTick}`)).toEqual([
      '00:00:00.0000000',
      '00:00:00.0000001',
      '23:59:59.9999999',
    ]);
  });

  it('have moments as microseconds, and as text where those are too coarse', () => {
    expect(decodeHex('2a 00', timestamp(0), '06 000000 000000', `06 7f5101 ${lastDay}`)).toEqual(
      ['0001-01-01T00:00:00', '9999-12-31T23:59:59'].map(micros),
    );
    expect(decodeHex('2a 03', timestamp(3), '07 ff5b2605 39f90a', '00')).toEqual([-1_000n, null]);
    expect(decodeHex('2a 06', timestamp(6), `08 ff5fd71d14 ${lastDay}`)).toEqual([
      micros('9999-12-31T23:59:59') + 999_999n,
    ]);
    expect(decodeHex('2a 07', timestamp(7), `08 ${lastTick} ${lastDay}`, '08 0100000000 000000')).toEqual([
      '9999-12-31 23:59:59.9999999',
      '0001-01-01 00:00:00.0000001',
    ]);
  });

  it('have UTC on the wire and the local time as their text', () => {
    expect(
      decodeHex(
        '2b 00',
        offset(0),
        '08 000000 3af90a 7800',
        '08 000000 3af90a c4ff',
        '08 000000 3af90a 4803',
        '08 000000 3af90a b8fc',
        '00',
      ),
    ).toEqual([
      '1970-01-01 02:00:00 +02:00',
      '1969-12-31 23:00:00 -01:00',
      '1970-01-01 14:00:00 +14:00',
      '1969-12-31 10:00:00 -14:00',
      null,
    ]);
    expect(decodeHex('2b 07', offset(7), `0a ${lastTick} ${lastDay} 0000`)).toEqual([
      '9999-12-31 23:59:59.9999999 +00:00',
    ]);
    // A leap day, and an offset that is not of whole hours.
    expect(decodeHex('2b 00', offset(0), '08 000000 81460b b6fe')).toEqual(['2024-02-29 18:30:00 -05:30']);
  });

  it.each([
    ['a date after 9999-12-31', '28', { kind: 'date' } as const, '03 dbb937'],
    ['a time of 24 hours', '29 00', time(0), '03 805101'],
    ['a datetime2 of 24 hours', '2a 03', timestamp(3), '07 005c2605 000000'],
    ['a datetime2 after 9999-12-31', '2a 03', timestamp(3), '07 00000000 dbb937'],
    ['a datetime2(7) of 24 hours', '2a 07', timestamp(7), '08 00c0692ac9 000000'],
    ['a datetimeoffset whose local time is in the year 0', '2b 00', offset(0), '08 000000 000000 ffff'],
    [
      'a datetimeoffset whose local time is in the year 10000',
      '2b 00',
      offset(0),
      `08 7f5101 ${lastDay} 0100`,
    ],
    ['an offset of more than 14 hours', '2b 00', offset(0), '08 000000 3af90a 4903'],
    ['a date of 4 bytes', '28', { kind: 'date' } as const, '04 00000000'],
  ])('are refused: %s', (_, info, type, value) => {
    expect(() => decodeHex(info, type, value)).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL', message: expect.stringContaining('Column c0') }),
    );
  });
});
