import fc from 'fast-check';
import type { Cell } from '../../../../engine/rows/types';
import { chunksOf, decodeAnswer } from '../../../support/decode-answer';
import {
  columnsOf,
  encodeAnswer,
  encodeDone,
  encodeMetadata,
  encodeRow,
  type WireRow,
} from '../../../support/wire-answer';
import { fixedWireTypes, textWireType, type WireType } from '../../../support/wire-types';
import { variableWireTypes } from '../../../support/wire-variable-types';

const anyType = fc.constantFrom<WireType>(...fixedWireTypes, textWireType, ...variableWireTypes);

/** Rows of random types; NULLs wherever the form of the row can say so. */
const answers = fc.array(anyType, { minLength: 1, maxLength: 20 }).chain((types) => {
  const row = fc.boolean().chain((nbc): fc.Arbitrary<WireRow> => {
    const cells = types.map(
      ({ cells, encodedNull }): fc.Arbitrary<Cell> =>
        nbc || encodedNull !== undefined ? fc.option(cells, { freq: 4 }) : cells,
    );
    return fc.tuple(...cells).map((values) => ({ cells: values, nbc }));
  });
  return fc.record({ types: fc.constant(types), rows: fc.array(row, { maxLength: 12 }) });
});

const packetSizes = fc.oneof(
  fc.integer({ min: 1, max: 64 }),
  fc.integer({ min: 1, max: 4_096 }),
  fc.integer({ min: 1, max: 65_536 }),
  fc.constantFrom(16_375, 65_536),
);

const int = fixedWireTypes.find(({ name }) => name === 'nullable int') as WireType;
const numbered = (count: number): readonly WireRow[] =>
  Array.from({ length: count }, (_, at) => ({ cells: [at], nbc: false }));

describe('the decoder of an answer', () => {
  it('reads every row exactly, wherever packets cut it', () => {
    fc.assert(
      fc.property(answers, packetSizes, ({ types, rows }, size) => {
        const decoded = decodeAnswer(columnsOf(types), chunksOf(encodeAnswer(types, rows), size));
        expect(decoded.rows).toEqual(rows.map(({ cells }) => cells));
        expect(decoded.tokens).toEqual(encodeDone(rows.length));
      }),
      { numRuns: 200 },
    );
  });

  it('reads an answer that is longer than two of the largest packets exactly, wherever they cut it', () => {
    const types = [int, textWireType];
    const rows = numbered(3_000).map(({ cells, nbc }) => ({
      cells: [...cells, `row ${cells[0]} ${'ä€'.repeat(9)}`],
      nbc,
    }));
    const answer = encodeAnswer(types, rows);
    expect(answer.length).toBeGreaterThan(2 * 65_536);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_536 }), (size) => {
        expect(decodeAnswer(columnsOf(types), chunksOf(answer, size)).rows).toEqual(
          rows.map(({ cells }) => cells),
        );
      }),
      { numRuns: 50 },
    );
  });

  it.each(fixedWireTypes.map((type) => [type.name, type] as const))('reads %s', (_, type) => {
    const rows = fc.array(type.encodedNull === undefined ? type.cells : fc.option(type.cells), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(rows, (cells) => {
        const answer = encodeAnswer(
          [type],
          cells.map((cell) => ({ cells: [cell], nbc: false })),
        );
        expect(decodeAnswer(columnsOf([type]), [answer]).rows).toEqual(cells.map((cell) => [cell]));
      }),
    );
  });

  it('hands batches over at the rows and at the bytes asked, a long row alone', () => {
    const answer = encodeAnswer([int], numbered(5_000));
    expect(decodeAnswer(columnsOf([int]), chunksOf(answer, 1_000)).batches).toEqual([2_048, 2_048, 904]);
    expect(decodeAnswer(columnsOf([int]), [answer], { batchRows: 3_000 }).batches).toEqual([
      2_048, 2_048, 904,
    ]);
    expect(decodeAnswer(columnsOf([int]), [answer], { batchRows: 2_000 }).batches).toEqual([
      2_000, 2_000, 1_000,
    ]);
    // A row is six bytes: its token, a length and four of the number.
    const byBytes = decodeAnswer(columnsOf([int]), chunksOf(answer, 7), { batchBytes: 6_000 });
    expect(byBytes.batches).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
    expect(byBytes.rows.map(([cell]) => cell)).toEqual(Array.from({ length: 5_000 }, (_, at) => at));
    expect(
      decodeAnswer(columnsOf([int]), [encodeAnswer([int], numbered(3))], { batchBytes: 1 }).batches,
    ).toEqual([1, 1, 1]);
  });

  it('passes on every token that holds no rows, whole and in order', () => {
    const info = Buffer.from([0xab, 5, 0, 1, 2, 3, 4, 5]);
    const order = Buffer.from([0xa9, 2, 0, 1, 0]);
    const returnStatus = Buffer.from([0x79, 0, 0, 0, 0]);
    const answer = Buffer.concat([
      info,
      encodeMetadata([int]),
      order,
      encodeRow([int], { cells: [1], nbc: false }),
      info,
      encodeRow([int], { cells: [2], nbc: true }),
      returnStatus,
      encodeDone(2),
    ]);
    for (const size of [1, 2, 3, 7, 1_000]) {
      const decoded = decodeAnswer(columnsOf([int]), chunksOf(answer, size));
      expect(decoded.rows).toEqual([[1], [2]]);
      expect(decoded.tokens).toEqual(Buffer.concat([info, order, info, returnStatus, encodeDone(2)]));
    }
  });

  it('gives no rows for an answer without a result', () => {
    expect(decodeAnswer(columnsOf([int]), [encodeDone(0)])).toMatchObject({ rows: [], batches: [] });
  });

  it.each([
    ['ends in a row', (answer: Buffer) => answer.subarray(0, -15), /ends inside a token, at byte \d+/],
    ['ends in its DONE', (answer: Buffer) => answer.subarray(0, -1), /ends inside a token/],
    [
      'holds a token that cannot stand there',
      (answer: Buffer) => Buffer.concat([answer, Buffer.from([0xee])]),
      /Byte \d+ of the answer: token 0xee/,
    ],
    ['has rows before their columns', () => encodeRow([int], { cells: [1], nbc: false }), /token 0xd1/],
    [
      'has a second result',
      (answer: Buffer) => Buffer.concat([answer, answer]),
      /second result.*token 0x81.* byte \d+ of/,
    ],
  ])('refuses an answer that %s', (_, change, message) => {
    const answer = change(encodeAnswer([int], numbered(3)));
    for (const size of [1, 1_000]) {
      expect(() => decodeAnswer(columnsOf([int]), chunksOf(answer, size))).toThrow(
        expect.objectContaining({ code: 'WIRE_PROTOCOL', message: expect.stringMatching(message) }),
      );
    }
  });

  it('takes no more memory for a description of columns than for a value', () => {
    const answer = encodeMetadata(Array.from({ length: 200 }, () => int));
    const columns = columnsOf(Array.from({ length: 200 }, () => int));
    expect(() => decodeAnswer(columns, chunksOf(answer, 50), { maxValueBytes: 500 })).toThrow(
      expect.objectContaining({
        code: 'WIRE_PROTOCOL',
        message: expect.stringMatching(/Byte 0 .*a token of \d+ bytes/),
      }),
    );
    expect(decodeAnswer(columns, chunksOf(answer, 50), { maxValueBytes: 10_000 }).rows).toEqual([]);
  });

  it('reads a large value that comes in small packets without scanning it again and again', () => {
    const long: WireType = {
      ...textWireType,
      info: Buffer.from([0xe7, 0xff, 0xff, 0x09, 0x04, 0xd0, 0x00, 0x34]),
      type: { kind: 'text' },
    };
    const text = Buffer.from('x'.repeat(500_000), 'utf16le');
    const chunk = Buffer.concat([Buffer.from([2, 0, 0, 0]), text.subarray(0, 2)]);
    const value = Buffer.concat([
      Buffer.from('feffffffffffffff', 'hex'),
      ...Array.from({ length: 500_000 }, () => chunk),
      Buffer.alloc(4),
    ]);
    const answer = Buffer.concat([encodeMetadata([long]), Buffer.from([0xd1]), value, encodeDone(1)]);
    const started = performance.now();
    const [row] = decodeAnswer(columnsOf([long]), chunksOf(answer, 512)).rows;
    expect(row?.[0]).toBe('x'.repeat(500_000));
    // Scanning it at each packet takes minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
