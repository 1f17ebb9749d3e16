import { countParts } from '../../../activities/count-parts.js';
import type { SourceReader } from '../../../engine/sqlserver/session.js';

const whole = { label: '20250102', from: '2025-01-02 00:00:00', to: '2025-01-03 00:00:00' };
const first = { label: 'a', from: '2025-01-02 00:00:00', to: '2025-01-02 12:00:00' };
const second = { label: 'b', from: '2025-01-02 12:00:00', to: '2025-01-03 00:00:00' };
const next = { label: '20250103', from: '2025-01-03 00:00:00', to: '2025-01-04 00:00:00' };
const table = {
  schema: 'dbo',
  table: 't',
  serverHash: true,
  columns: [
    { name: 'at', sourceType: 'datetime', type: { kind: 'timestamp', precision: 3 }, nullable: false },
  ],
  source: { schema: 'dbo', table: 't', chunkColumn: 'at', filterBounds: {} },
} as const;
const counted = {
  windows: [whole, next],
  rows: new Map([
    ['20250102', { 'dbo.t': 7 }],
    ['20250103', { 'dbo.t': 1 }],
  ]),
  total: 8,
  leftOut: 0,
};
const step = { advance: () => undefined };
/** Counts by the lower bound that is asked for. */
const reader = (rows: Readonly<Record<string, number>>) =>
  ({
    query: async (_: string, params: readonly { readonly name: string; readonly value: string }[]) => [
      { rows: String(rows[params.find(({ name }) => name === 'from')?.value ?? ''] ?? 0) },
    ],
  }) as unknown as SourceReader;

describe('countParts', () => {
  it('puts parts in the place of the window that was split, with rows of their own', async () => {
    const source = reader({ '2025-01-02 00:00:00': 3, '2025-01-02 12:00:00': 4 });
    const parted = await countParts(source, [table], counted, [{ whole, parts: [first, second] }], step);
    expect(parted.windows).toEqual([first, second, next]);
    expect([...parted.rows]).toEqual([
      ['20250103', { 'dbo.t': 1 }],
      ['a', { 'dbo.t': 3 }],
      ['b', { 'dbo.t': 4 }],
    ]);
    expect(parted.total).toBe(8);
  });

  it('refuses a plan whose parts do not hold the rows of the whole', async () => {
    const source = reader({ '2025-01-02 00:00:00': 3, '2025-01-02 12:00:00': 3 });
    await expect(
      countParts(source, [table], counted, [{ whole, parts: [first, second] }], step),
    ).rejects.toMatchObject({ code: 'PLAN_INCOMPLETE', message: expect.stringContaining('hold 6 rows') });
  });

  it('leaves a window alone that has other bounds than the one that was split', async () => {
    const other = { ...whole, to: '2025-01-04 00:00:00' };
    const parted = await countParts(reader({}), [table], counted, [{ whole: other, parts: [first] }], step);
    expect(parted.windows).toEqual([whole, next]);
  });
});
