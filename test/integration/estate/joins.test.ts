import { type Estate, startEstate } from '../../support/estate.js';
import { joinCategory, joinTables } from './small-category.js';
import { chunks, rowsOf, states } from './steered-run.js';

const database = (name: string, tables: ReturnType<typeof joinTables>) => ({
  name,
  snapshotIsolation: true,
  readCommittedSnapshot: false,
  tables,
});
const one = { databases: { server01: ['One'] } };
const two = { databases: { server01: ['One', 'Two'] } };

const cased = [
  [`('A1', '2025-01-01 08:00', 'by case', 1, 1)`, `('b2', '2025-01-02 08:00', 'by bytes', 2, 2)`],
  [`('a1  ', '2025-01-01 08:00', 11)`, `('b2', '2025-01-02 08:00', 12)`],
] as const;

describe('joins', () => {
  let estate: Estate;
  beforeAll(async () => {
    const collide = [`('k', '2025-01-02 08:00', 'first', 1, 1)`];
    estate = await startEstate({
      servers: {
        server01: {
          name: 'server01',
          logins: [],
          databases: [
            database('One', [
              ...joinTables('cased', ...cased),
              ...joinTables(
                'doubled',
                [`('a', '2025-01-01 08:00', NULL, 1, 1)`, `('b', '2025-01-02 08:00', NULL, 2, 2)`],
                [
                  `('a', '2025-01-01 08:00', 1)`,
                  `('b', '2025-01-02 08:00', 2)`,
                  `('b', '2025-01-02 08:00', 3)`,
                ],
              ),
              ...joinTables('collide', collide, []),
              ...joinTables(
                'gaps',
                [
                  `('both', '2025-01-01 08:00', 'x', 1, 1)`,
                  `('left only', '2025-01-01 08:00', 'y', NULL, NULL)`,
                  `('no right today', '2025-01-02 08:00', NULL, -1, 0)`,
                ],
                [
                  `('both', '2025-01-01 08:00', NULL)`,
                  `('right only', '2025-01-01 08:00', 5)`,
                  `('no left today', '2025-01-03 08:00', 6)`,
                ],
              ),
            ]),
            database('Two', joinTables('collide', [`('k', '2025-01-02 08:00', 'second', 2, 2)`], [])),
          ],
        },
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  it('keep left rows without right ones, drop right rows without left ones, and bear days with neither', async () => {
    joinCategory(estate, 'gaps', one);
    expect(await estate.run({ category: 'gaps' })).toMatchObject({ chunksDone: 3, rows: 3 });
    expect(await rowsOf(estate, 'mart.gaps')).toEqual([
      '["both","2025-01-01T08:00:00","x",1,1,"both",null]',
      '["left only","2025-01-01T08:00:00","y",null,null,null,null]',
      '["no right today","2025-01-02T08:00:00",null,-1,0,null,null]',
    ]);
  }, 60_000);

  it('park the chunk where keys match only without case and blanks, and nothing was chosen', async () => {
    joinCategory(estate, 'cased', { ...one, joinKeys: null });
    expect(await estate.fail({ category: 'cased' })).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    expect(await states(estate, 'cased')).toEqual([
      'One/20250101 NEEDS_ATTENTION JOIN_COLLATION',
      'One/20250102 DONE',
      'One/20250103 DONE',
    ]);
    const [parked] = await chunks(estate, 'cased');
    expect(parked?.message).toMatch(/^1 rows of cased_left match cased_right \(id = cased_right.device, /);
    expect(parked?.message).not.toMatch(/A1|a1/);
    expect(await rowsOf(estate, 'mart.cased')).toBeUndefined();
  }, 60_000);

  it.each([
    ['exact', 'leaves them unmatched', 'null,null'],
    ['casefold_rtrim', 'joins them, values as they are', '"a1  ",11'],
  ] as const)(
    'with "%s" it %s',
    async (joinKeys, _, right) => {
      joinCategory(estate, 'cased', { ...one, joinKeys });
      await estate.run({ category: 'cased' });
      expect(await rowsOf(estate, 'mart.cased')).toEqual([
        `["A1","2025-01-01T08:00:00","by case",1,1,${right}]`,
        '["b2","2025-01-02T08:00:00","by bytes",2,2,"b2",12]',
      ]);
      const { rows } = await estate.postgres.query(
        `SELECT sum(join_mismatches)::int AS n FROM migration_control.step JOIN migration_control.chunk USING (run_id, chunk_id)
        WHERE category = 'cased' AND step = 'transform'`,
      );
      expect(rows).toEqual([{ n: 1 }]);
    },
    60_000,
  );

  it('park the one chunk where a right key is not unique', async () => {
    joinCategory(estate, 'doubled', one);
    await estate.fail({ category: 'doubled' });
    expect(await states(estate, 'doubled')).toEqual([
      'One/20250101 DONE',
      'One/20250102 NEEDS_ATTENTION JOIN_FANOUT',
      'One/20250103 DONE',
    ]);
  }, 60_000);

  it('of two sources with the same key are refused by name, and the live table stays', async () => {
    joinCategory(estate, 'collide', one);
    await estate.run({ category: 'collide' });
    const live = await rowsOf(estate, 'mart.collide');
    joinCategory(estate, 'collide', two);
    const { type, message } = await estate.fail({ category: 'collide' });
    expect(type).toBe('TARGET_KEY_COLLISION');
    expect(message).toContain('server01/One and server01/Two');
    expect(message).not.toContain('"k"');
    expect(live).toHaveLength(1);
    expect(await rowsOf(estate, 'mart.collide')).toEqual(live);
  }, 60_000);
});
