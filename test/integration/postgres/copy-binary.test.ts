import fc from 'fast-check';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import {
  copyBinaryHeader,
  copyBinaryTrailer,
  createCopyBinaryEncoder,
} from '../../../engine/postgres/copy-binary';
import { copyIn } from '../../../engine/postgres/copy-in';
import { cellText } from '../../../engine/rows/cell-text';
import { batchOf } from '../../../engine/rows/cells';
import type { TargetTyped } from '../../../engine/rows/convert/conversion';
import { createConverter } from '../../../engine/rows/convert/converter';
import { pgTypeOf } from '../../../engine/rows/pg-types';
import type { Cell, LogicalType } from '../../../engine/rows/types';
import { anyColumnCells, anyType } from '../../support/arbitrary-rows';
import { startPostgres, type TestPostgres } from '../../support/postgres';

jest.setTimeout(120_000);

/** The type that holds a source's values in PostgreSQL, and as what. */
function targetType(type: LogicalType): LogicalType {
  switch (type.kind) {
    case 'int':
      return type.bits === 8 ? { kind: 'int', bits: 16 } : type;
    case 'time':
    case 'timestamp':
      return type.precision === 7 ? { kind: 'text' } : type;
    case 'offsetTimestamp':
      return type.precision === 7 ? { kind: 'text' } : { kind: 'instant', precision: type.precision };
    default:
      return type;
  }
}

/** What a person would write into an INSERT, which PostgreSQL reads by itself. */
function literalOf(type: LogicalType, cell: Cell): string | null {
  if (cell === null) return null;
  const text = cellText(type)(cell);
  return type.kind === 'bytes' ? `\\x${text}` : type.kind === 'instant' ? `${text} +00:00` : text;
}

describe('COPY binary into PostgreSQL', () => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  /** Copies the rows, inserts them as text, and compares what both columns show. */
  async function compare(types: readonly LogicalType[], rows: readonly (readonly Cell[])[]): Promise<void> {
    const source = types.map((type, index) => ({ name: `c${index}`, type, nullable: true }));
    const columns: readonly TargetTyped[] = source.map((column) => ({
      ...column,
      type: targetType(column.type),
    }));
    const declared = columns.map(({ name, type }) => `${name} ${pgTypeOf(type)}`);
    await target.withClient(async (client) => {
      // What a failed case has left, while a smaller one is searched.
      await client.query('DROP TABLE IF EXISTS copied, inserted');
      for (const table of ['copied', 'inserted'])
        await client.query(`CREATE TEMPORARY TABLE ${table} (${declared.join(', ')}, chunk_id bigint)`);
      const { batch, poison } = createConverter(source, columns).convert(batchOf(source, rows));
      expect(poison.size).toBe(0);
      const tuples = createCopyBinaryEncoder(columns, '9007199254740993')(batch, poison);
      const sent = async function* () {
        yield copyBinaryHeader;
        yield* tuples;
        yield copyBinaryTrailer;
      };
      const statement = 'COPY copied FROM STDIN (FORMAT binary)';
      expect(await copyIn(client, statement, sent(), () => undefined)).toMatchObject({ rows: rows.length });
      const places = columns.map((_, index) => `$${index + 1}`);
      for (const row of rows)
        await client.query(
          `INSERT INTO inserted VALUES (${places.join(', ')}, 9007199254740993)`,
          row.map((cell, index) => literalOf(types[index] as LogicalType, cell)),
        );
      const shown = async (table: string) => (await client.query(`SELECT t::text FROM ${table} t`)).rows;
      expect(await shown('copied')).toEqual(await shown('inserted'));
    });
  }

  test('rows of every type are what the same rows are when they are inserted as text', async () => {
    const seen = new Set<string>();
    const anyTable = fc
      .tuple(fc.array(anyType, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 6 }))
      .chain(([types, rows]) =>
        fc.record({
          types: fc.constant(types),
          rows: fc
            .tuple(...types.map((type) => anyColumnCells(type, rows)))
            .map((cells) =>
              Array.from({ length: rows }, (_, row) => cells.map((column) => column[row] ?? null)),
            ),
        }),
      );
    await fc.assert(
      fc.asyncProperty(anyTable, async ({ types, rows }) => {
        for (const { kind } of types) seen.add(kind);
        await compare(types, rows);
      }),
      { numRuns: 150 },
    );
    expect([...seen].sort()).toEqual([
      'bool',
      'bytes',
      'date',
      'decimal',
      'float',
      'instant',
      'int',
      'offsetTimestamp',
      'text',
      'time',
      'timestamp',
      'uuid',
    ]);
  });

  test.each(['json', 'varchar(30)'])('%s is its text', async (pgType) => {
    const columns = [{ name: 'c', type: { kind: 'text' } as const, nullable: true }];
    const text = '{"b": 1, "a": "😀é"}';
    await target.withClient(async (client) => {
      await client.query(`CREATE TEMPORARY TABLE kept (c ${pgType}, chunk_id bigint)`);
      const sent = async function* () {
        yield copyBinaryHeader;
        yield* createCopyBinaryEncoder(columns, '1')(batchOf(columns, [[text], [null]]), new Set());
        yield copyBinaryTrailer;
      };
      await copyIn(client, 'COPY kept FROM STDIN (FORMAT binary)', sent(), () => undefined);
      const { rows } = await client.query('SELECT c::text AS text, chunk_id FROM kept');
      expect(rows).toEqual([
        { text, chunk_id: '1' },
        { text: null, chunk_id: '1' },
      ]);
      await client.query('DROP TABLE kept');
    });
  });
});
