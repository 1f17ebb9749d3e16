import fc from 'fast-check';
import {
  copyBinaryHeader,
  copyBinaryTrailer,
  createCopyBinaryEncoder,
} from '../../../engine/postgres/copy-binary.js';
import { batchOf } from '../../../engine/rows/cells.js';
import { batchRows } from '../../../engine/rows/column-batch.js';
import type { Cell, LogicalType } from '../../../engine/rows/types.js';

const none: ReadonlySet<number> = new Set();

/** The fields of each tuple, the chunk's id last; null for NULL. */
function tuplesOf(bytes: Buffer): (Buffer | null)[][] {
  const tuples: (Buffer | null)[][] = [];
  for (let at = 0; at < bytes.length; ) {
    const fields = bytes.readInt16BE(at);
    at += 2;
    tuples.push(
      Array.from({ length: fields }, () => {
        const length = bytes.readInt32BE(at);
        at += 4 + Math.max(0, length);
        return length < 0 ? null : bytes.subarray(at - length, at);
      }),
    );
  }
  return tuples;
}

function encode(types: readonly LogicalType[], rows: readonly (readonly Cell[])[], leftOut = none) {
  const columns = types.map((type) => ({ type }));
  return Buffer.concat([...createCopyBinaryEncoder(columns, '258')(batchOf(columns, rows), leftOut)]);
}

function fieldOf(type: LogicalType, cell: Cell): Buffer | null | undefined {
  return tuplesOf(encode([type], [[cell]]))[0]?.[0];
}

/** As numeric_out of PostgreSQL does: groups around the point, then the digits that dscale asks for. */
function numericText(field: Buffer): string {
  const [groups = 0, weight = 0, sign = 0, scale = 0] = [0, 2, 4, 6].map((at) => field.readInt16BE(at));
  let unscaled = 0n;
  for (let group = 0; group < groups; group++) {
    const digits = field.readInt16BE(8 + group * 2);
    if (digits < 0 || digits > 9_999) throw new Error(`group of ${digits}`);
    unscaled += BigInt(digits) * 10n ** BigInt(4 * (weight - group) + 400);
  }
  const shown = unscaled / 10n ** BigInt(400 - scale);
  if (shown * 10n ** BigInt(400 - scale) !== unscaled) throw new Error('digits beyond the scale');
  return `${sign === 0x4000 ? '-' : ''}${shown} at ${scale}`;
}

const numeric = (precision: number, scale: number): LogicalType => ({ kind: 'decimal', precision, scale });

describe('COPY binary', () => {
  test('begins and ends as documented', () => {
    expect(copyBinaryHeader.toString('hex')).toBe(`5047434f50590aff0d0a00${'00'.repeat(8)}`);
    expect(copyBinaryTrailer.toString('hex')).toBe('ffff');
  });

  test('has a tuple for each row: the count of its fields, each with its length, the chunk’s id last', () => {
    const bytes = encode(
      [{ kind: 'int', bits: 16 }, { kind: 'text' }],
      [
        [-2, 'é'],
        [null, ''],
      ],
    );
    const chunk = '00000008' + '0000000000000102';
    expect(bytes.toString('hex')).toBe(
      `0003${'00000002fffe'}${'00000002c3a9'}${chunk}0003${'ffffffff'}${'00000000'}${chunk}`,
    );
  });

  test.each<[LogicalType, Cell, string]>([
    [{ kind: 'bool' }, true, '01'],
    [{ kind: 'bool' }, false, '00'],
    [{ kind: 'int', bits: 8 }, 255, '00ff'],
    [{ kind: 'int', bits: 16 }, -32_768, '8000'],
    [{ kind: 'int', bits: 32 }, -2_147_483_648, '80000000'],
    [{ kind: 'int', bits: 64 }, -(2n ** 63n), '8000000000000000'],
    [{ kind: 'int', bits: 64 }, -1n, 'ffffffffffffffff'],
    [{ kind: 'float', bits: 32 }, 1.5, '3fc00000'],
    [{ kind: 'float', bits: 64 }, -0, '8000000000000000'],
    [{ kind: 'date' }, 10_957, '00000000'],
    [{ kind: 'date' }, 0, 'ffffd533'],
    [{ kind: 'timestamp', precision: 3 }, 946_684_800_000_000n, '0000000000000000'],
    [{ kind: 'timestamp', precision: 6 }, 946_684_799_999_999n, 'ffffffffffffffff'],
    [{ kind: 'instant', precision: 6 }, 946_684_800_000_000n + 2n ** 32n, '0000000100000000'],
    [{ kind: 'time', precision: 6 }, '23:59:59.999999', '000000141dd75fff'],
    [{ kind: 'time', precision: 0 }, '24:00:00', '000000141dd76000'],
    [{ kind: 'time', precision: 3 }, '00:00:00.001', '00000000000003e8'],
    [{ kind: 'uuid' }, '00112233-4455-6677-8899-aabbccddeeff', '00112233445566778899aabbccddeeff'],
    [{ kind: 'bytes' }, Uint8Array.of(0, 255), '00ff'],
    [{ kind: 'text' }, 'x'.repeat(100), '78'.repeat(100)],
    [numeric(11, 3), -500n, '0003000140000003000000001388'],
    [numeric(4, 0), 0n, '0001' + '0000' + '0000' + '0000' + '0000'],
    [numeric(2, 2), 5n, '0001' + 'ffff' + '0000' + '0002' + '01f4'],
  ])('%j %s', (type, cell, expected) => {
    expect(fieldOf(type, cell)?.toString('hex')).toBe(expected);
    expect(fieldOf(type, null)).toBeNull();
  });

  test('has every digit of a numeric and its scale, also of one that is beyond its precision', () => {
    const anyDecimal = fc
      .integer({ min: 1, max: 38 })
      .chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: precision })))
      .chain(([precision, scale]) => {
        // What the column's layout has room for.
        const room = [4, 9, 18, 38].find((digits) => precision <= digits) ?? 38;
        const most = 10n ** BigInt(room) - 1n;
        const limit = 10n ** BigInt(precision);
        const cells = fc.oneof(
          fc.bigInt({ min: -most, max: most }),
          fc.integer({ min: 0, max: room }).map((power) => 10n ** BigInt(power) - 1n),
          fc.constantFrom(0n, 1n, -1n, most, -most, limit - 1n, 1n - limit, limit <= most ? limit : 0n),
        );
        return fc.tuple(fc.constant(precision), fc.constant(scale), fc.array(cells, { maxLength: 5 }));
      });
    fc.assert(
      fc.property(anyDecimal, ([precision, scale, cells]) => {
        const tuples = tuplesOf(
          encode(
            [numeric(precision, scale)],
            cells.map((cell) => [cell]),
          ),
        );
        expect(tuples.map(([field]) => numericText(field as Buffer))).toEqual(
          cells.map((cell) => `${cell} at ${scale}`),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('lacks the rows that are left out, and no other, wherever buffers end', () => {
    const anyText = fc.integer({ min: 0, max: 60_000 }).map((length) => 'x'.repeat(length));
    fc.assert(
      fc.property(
        fc.array(fc.record({ text: fc.option(anyText), leftOut: fc.boolean() }), { maxLength: 30 }),
        (rows) => {
          const out = new Set(rows.flatMap(({ leftOut }, row) => (leftOut ? [row] : [])));
          const bytes = encode(
            [{ kind: 'text' }, { kind: 'int', bits: 32 }],
            rows.map(({ text }, row) => [text, row]),
            out,
          );
          const kept = rows.flatMap(({ text, leftOut }, row) => (leftOut ? [] : [[text, row]]));
          expect(
            tuplesOf(bytes).map(([text, number]) => [text?.toString() ?? null, number?.readInt32BE()]),
          ).toEqual(kept);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('comes in buffers of its own, none much larger than a quarter of a megabyte and a row', () => {
    const columns = [{ type: { kind: 'text' } as const }];
    const batch = batchOf(
      columns,
      Array.from({ length: batchRows }, (_, row) => [`${row}`.padEnd(1_000)]),
    );
    const buffers = [...createCopyBinaryEncoder(columns, '7')(batch, none)];
    expect(Math.max(...buffers.map(({ length }) => length))).toBeLessThan(256 * 1024 + 1_100);
    expect(new Set(buffers.map(({ buffer }) => buffer)).size).toBe(buffers.length);
    expect(tuplesOf(Buffer.concat(buffers)).map(([field]) => Number(field))).toEqual([
      ...Array(batchRows).keys(),
    ]);
  });

  test('of no rows, or of none that is kept, is no buffer', () => {
    expect(encode([{ kind: 'text' }], [])).toHaveLength(0);
    expect(encode([{ kind: 'text' }], [['x']], new Set([0]))).toHaveLength(0);
  });
});
