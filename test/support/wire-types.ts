import fc from 'fast-check';
import type { Cell, LogicalType, TimePrecision } from '../../engine/rows/types';

/**
 * A column as a server describes it and the bytes of its values, written from MS-TDS and on purpose without a line of
 * the decoder's: bigint arithmetic and Date instead of words.
 */
export interface WireType {
  readonly name: string;
  /** TYPE_INFO. */
  readonly info: Buffer;
  readonly type: LogicalType;
  readonly cells: fc.Arbitrary<Exclude<Cell, null>>;
  /** The value with all that stands before it. */
  readonly encode: (cell: Exclude<Cell, null>) => Buffer;
  /** NULL in a ROW; absent where the type has none. */
  readonly encodedNull?: Buffer;
}

const daysTo1970 = 719_162n;
const daysFrom1900 = 25_567n;
const dayMicros = 86_400_000_000n;
const precisions = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Every type whose values have a size of their own, in its forms with and without NULL. */
export const fixedWireTypes: readonly WireType[] = [
  ...bothForms('bit', 0x32, 0x68, { kind: 'bool' }, fc.boolean(), (cell) => Buffer.from([cell ? 1 : 0])),
  ...integer('tinyint', 0x30, 8, 0n, 255n),
  ...integer('smallint', 0x34, 16, -(2n ** 15n), 2n ** 15n - 1n),
  ...integer('int', 0x38, 32, -(2n ** 31n), 2n ** 31n - 1n),
  ...integer('bigint', 0x7f, 64, -(2n ** 63n), 2n ** 63n - 1n),
  ...[1, 4, 5, 9, 10, 15, 18, 19, 20, 28, 29, 38].map((precision) => decimal(precision, precision >> 1)),
  ...money('smallmoney', 0x7a, 4, 10),
  ...money('money', 0x3c, 8, 19),
  ...bothForms('real', 0x3b, 0x6d, { kind: 'float', bits: 32 }, fc.float(), (cell) => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(cell as number);
    return bytes;
  }),
  ...bothForms('float', 0x3e, 0x6d, { kind: 'float', bits: 64 }, fc.double(), (cell) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(cell as number);
    return bytes;
  }),
  lengthByte('date', [0x28], { kind: 'date' }, day().map(Number), (cell) =>
    little(BigInt(cell as number) + daysTo1970, 3),
  ),
  ...precisions.flatMap((precision) => [time(precision), datetime2(precision), datetimeoffset(precision)]),
  ...bothForms(
    'datetime',
    0x3d,
    0x6f,
    { kind: 'timestamp', precision: 3 },
    fc
      .tuple(fc.integer({ min: -53_690, max: 2_958_463 }), fc.integer({ min: 0, max: 300 * 86_400 - 1 }))
      .map(([days, ticks]) => {
        const millis = (BigInt(ticks) * 20n + 3n) / 6n;
        return (BigInt(days) - daysFrom1900) * dayMicros + millis * 1_000n;
      }),
    (cell) => {
      const [days, micros] = floorDivide(cell as bigint, dayMicros);
      const ticks = ((micros / 1_000n) * 6n + 10n) / 20n;
      return Buffer.concat([little(days + daysFrom1900, 4), little(ticks, 4)]);
    },
  ),
  ...bothForms(
    'smalldatetime',
    0x3a,
    0x6f,
    { kind: 'timestamp', precision: 0 },
    fc
      .tuple(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 0, max: 1_439 }))
      .map(([days, minutes]) => (BigInt(days) - daysFrom1900) * dayMicros + BigInt(minutes) * 60_000_000n),
    (cell) => {
      const [days, micros] = floorDivide(cell as bigint, dayMicros);
      return Buffer.concat([little(days + daysFrom1900, 2), little(micros / 60_000_000n, 2)]);
    },
  ),
  lengthByte('uniqueidentifier', [0x24, 16], { kind: 'uuid' }, fc.uuid(), (cell) => {
    const groups = (cell as string).split('-').map((group) => Buffer.from(group, 'hex'));
    return Buffer.concat(groups.map((group, at) => (at < 3 ? group.reverse() : group)));
  }),
];

/** Some text, so that rows have values of any length too. */
export const textWireType: WireType = {
  name: 'nvarchar(100)',
  info: Buffer.from([0xe7, 200, 0, 0x09, 0x04, 0xd0, 0x00, 0x34]),
  type: { kind: 'text', maxLength: 100 },
  cells: fc.string({ unit: 'grapheme', maxLength: 10 }),
  encode: (cell) => {
    const text = Buffer.from(cell as string, 'utf16le');
    return Buffer.concat([little(BigInt(text.length), 2), text]);
  },
  encodedNull: Buffer.from([0xff, 0xff]),
};

function day(): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: -719_162n, max: 2_932_896n });
}

function little(value: bigint, size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return bytes.subarray(0, size);
}

function floorDivide(value: bigint, by: bigint): [bigint, bigint] {
  const rest = ((value % by) + by) % by;
  return [(value - rest) / by, rest];
}

function lengthByte(
  name: string,
  info: readonly number[],
  type: LogicalType,
  cells: WireType['cells'],
  encode: WireType['encode'],
): WireType {
  return {
    name,
    info: Buffer.from(info),
    type,
    cells,
    encode: (cell) => {
      const bytes = encode(cell);
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    },
    encodedNull: Buffer.from([0]),
  };
}

function bothForms(
  name: string,
  fixedId: number,
  nullableId: number,
  type: LogicalType,
  cells: WireType['cells'],
  encode: WireType['encode'],
): readonly WireType[] {
  const [sample] = fc.sample(cells, 1);
  const size = encode(sample as Exclude<Cell, null>).length;
  return [
    { name, info: Buffer.from([fixedId]), type, cells, encode },
    lengthByte(`nullable ${name}`, [nullableId, size], type, cells, encode),
  ];
}

function integer(
  name: string,
  fixedId: number,
  bits: 8 | 16 | 32 | 64,
  min: bigint,
  max: bigint,
): readonly WireType[] {
  const values = fc.bigInt({ min, max });
  const cells = bits === 64 ? values : values.map(Number);
  return bothForms(name, fixedId, 0x26, { kind: 'int', bits }, cells, (cell) =>
    little(BigInt(cell as bigint), bits / 8),
  );
}

function decimal(precision: number, scale: number): WireType {
  const most = 10n ** BigInt(precision) - 1n;
  const length = 1 + 4 * [9, 19, 28, 38].findIndex((digits) => precision <= digits) + 4;
  const cells = fc.oneof(
    fc.bigInt({ min: -most, max: most }),
    fc.bigInt({ min: -9n, max: 9n }).filter((value) => value <= most && value >= -most),
    fc.constantFrom(most, -most, 0n, -(most / 2n ** 32n) * 2n ** 32n),
  );
  return lengthByte(
    `decimal(${precision},${scale})`,
    [0x6a, length, precision, scale],
    { kind: 'decimal', precision, scale },
    cells,
    (cell) => {
      const value = cell as bigint;
      const magnitude = (value < 0n ? -value : value).toString(16).padStart(2 * (length - 1), '0');
      return Buffer.concat([Buffer.from([value < 0n ? 0 : 1]), Buffer.from(magnitude, 'hex').reverse()]);
    },
  );
}

function money(name: string, fixedId: number, size: 4 | 8, precision: number): readonly WireType[] {
  const half = 2n ** BigInt(8 * size - 1);
  const type = { kind: 'decimal', precision, scale: 4 } as const;
  return bothForms(name, fixedId, 0x6e, type, fc.bigInt({ min: -half, max: half - 1n }), (cell) => {
    const bytes = little(cell as bigint, size);
    return size === 4 ? bytes : Buffer.concat([bytes.subarray(4), bytes.subarray(0, 4)]);
  });
}

function ticksOfDay(precision: number): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: 86_400n * 10n ** BigInt(precision) - 1n });
}

function ticksSize(precision: number): number {
  return 3 + Number(precision > 2) + Number(precision > 4);
}

function timeText(ticks: bigint, precision: number): string {
  const [seconds, fraction] = floorDivide(ticks, 10n ** BigInt(precision));
  const clock = new Date(Number(seconds) * 1_000).toISOString().slice(11, 19);
  return precision === 0 ? clock : `${clock}.${fraction.toString().padStart(precision, '0')}`;
}

function dateText(days: bigint): string {
  return new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);
}

function timeTicks(text: string): bigint {
  const [clock = '', fraction = ''] = text.split('.');
  const seconds = BigInt(Date.parse(`1970-01-01T${clock}Z`) / 1_000);
  return seconds * 10n ** BigInt(fraction.length) + BigInt(fraction || 0);
}

function dateDays(text: string): bigint {
  return BigInt(Date.parse(`${text}T00:00:00Z`) / 86_400_000);
}

function time(precision: TimePrecision): WireType {
  const cells = ticksOfDay(precision).map((ticks) => timeText(ticks, precision));
  return lengthByte(`time(${precision})`, [0x29, precision], { kind: 'time', precision }, cells, (cell) =>
    little(timeTicks(cell as string), ticksSize(precision)),
  );
}

function datetime2(precision: TimePrecision): WireType {
  const unit = 10n ** BigInt(6 - Math.min(precision, 6));
  const moments = fc.tuple(day(), ticksOfDay(precision));
  const cells =
    precision === 7
      ? moments.map(([days, ticks]) => `${dateText(days)} ${timeText(ticks, 7)}`)
      : moments.map(([days, ticks]) => days * dayMicros + ticks * unit);
  return lengthByte(
    `datetime2(${precision})`,
    [0x2a, precision],
    { kind: 'timestamp', precision },
    cells,
    (cell) => {
      const [days, ticks] =
        typeof cell === 'string'
          ? [dateDays(cell.slice(0, 10)), timeTicks(cell.slice(11))]
          : floorDivide(cell as bigint, dayMicros).map((part, at) => (at === 0 ? part : part / unit));
      return Buffer.concat([
        little(ticks as bigint, ticksSize(precision)),
        little((days as bigint) + daysTo1970, 3),
      ]);
    },
  );
}

function datetimeoffset(precision: TimePrecision): WireType {
  const perMinute = 60n * 10n ** BigInt(precision);
  const perDay = 1_440n * perMinute;
  const cells = fc
    .tuple(
      fc.bigInt({ min: -719_161n, max: 2_932_895n }),
      ticksOfDay(precision),
      fc.integer({ min: -840, max: 840 }),
    )
    .map(([days, ticks, offset]) => {
      const size = Math.abs(offset);
      const zone = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0')).join(':');
      return `${dateText(days)} ${timeText(ticks, precision)} ${offset < 0 ? '-' : '+'}${zone}`;
    });
  return lengthByte(
    `datetimeoffset(${precision})`,
    [0x2b, precision],
    { kind: 'offsetTimestamp', precision },
    cells,
    (cell) => {
      const [date = '', clock = '', zone = ''] = (cell as string).split(' ');
      const minutes = BigInt(Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
      const offset = zone.startsWith('-') ? -minutes : minutes;
      const utc = dateDays(date) * perDay + timeTicks(clock) - offset * perMinute;
      const [days, ticks] = floorDivide(utc, perDay);
      return Buffer.concat([
        little(ticks, ticksSize(precision)),
        little(days + daysTo1970, 3),
        little(offset, 2),
      ]);
    },
  );
}
