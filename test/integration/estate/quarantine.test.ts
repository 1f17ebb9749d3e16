import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalRow, rowHash } from '../../../engine/rows/canonical.js';
import type { Column } from '../../../engine/rows/types.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { copyCategory, copyTable, joinCategory, joinTables, serverOf } from './small-category.js';
import { chunks, historyText, meddleBefore, rowsOf, states, steeredRun } from './steered-run.js';

const options = { databases: { server01: ['One'] } };
const secret = 'Hedwig';
const nul = `('b', '2025-01-02 08:01', '${secret}' || chr(0), -0.5, 2)`;
const huge = `('c', '2025-01-02 08:02', '${secret}', 999.125, 3)`;
const left = [
  `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
  `('a', '2025-01-02 08:00', 'second', 2.5, 2)`,
  nul,
  huge,
  `('d', '2025-01-02 08:03', NULL, NULL, NULL)`,
];
const day1 = '["a","2025-01-01T08:00:00","first",1.5,1]';
const second = '["a","2025-01-02T08:00:00","second",2.5,2]';
const fourth = '["d","2025-01-02T08:03:00",null,null,null]';
/** Quoted as the transform's lines are. */
const joined = (row: string) => row.replace(/]$/, ',null,null]');

interface Report {
  readonly state: string;
  readonly totals: object;
  readonly left: object;
  readonly chunks: readonly {
    readonly chunk: string;
    readonly quarantine: { readonly rows: number; readonly object: string } | null;
  }[];
}

describe('a row that the target cannot hold', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: serverOf('server01', [
          ...['parked', 'kept', 'limited', 'stopped'].map((name) => copyTable(name, left)),
          ...['long', 'cut'].flatMap((name) =>
            joinTables(
              name,
              left.filter((row) => row !== nul),
              [],
            ),
          ),
        ]),
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  const policy = (name: string, keys: object): void =>
    estate.configure(`config/categories/${name}.json`, (json) => ({ ...json, ...keys }));
  /** What only the server of the target can know. */
  const refuseLarge = (name: string) =>
    meddleBefore(estate, 'importChunk', '20250102', () =>
      estate.postgres.query(`ALTER TABLE stage.${name} ADD CONSTRAINT small CHECK (amount < 100)`),
    );
  const stats = (key: string): string => readFileSync(join(estate.directory, 'buckets/stats', key), 'utf8');
  const reportOf = (url: string): Report => JSON.parse(readFileSync(new URL(url), 'utf8')) as Report;
  const entries = (key: string) =>
    stats(key)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly values: Readonly<Record<string, string | null>> });

  const hops = async (category: string) => {
    const { rows } = await estate.postgres.query(
      `SELECT k.hop, k.rows::int AS rows, k.sum, k.method, k.matches
         FROM migration_control.checksum k JOIN migration_control.chunk c USING (chunk_id, run_id)
        WHERE c.category = $1 AND c.window_label = '20250102' AND k.subject = c.target ORDER BY hop DESC`,
      [category],
    );
    return rows as { hop: string; rows: number; sum: string; method: string; matches: boolean | null }[];
  };

  it('parks its chunk by default: code, column and place are told, its values nowhere', async () => {
    copyCategory(estate, 'parked', options);
    const { failure } = await steeredRun(estate, { category: 'parked' }, refuseLarge('parked'));
    expect(failure).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    expect(await states(estate, 'parked')).toEqual([
      'One/20250101 DONE',
      'One/20250102 NEEDS_ATTENTION VALUE_UNREPRESENTABLE',
      'One/20250103 DONE',
    ]);
    const message = (await chunks(estate, 'parked'))[1]?.message ?? '';
    expect(message).toMatch(/^parked server01\/One 20250102: Column note, row 1 of the chunk: .*U\+0000/);
    const told = [failure?.message, message];
    for (const id of ['parked', 'parked/parked/server01/One', 'parked/parked/server01/One/20250102'])
      told.push(await historyText(estate, `migrate/${id}`));
    expect(told.at(-1)).toContain('Column note, row 1 of the chunk');
    expect(told.join()).not.toContain(secret);
  }, 60_000);

  it('goes to a file by policy, whether worker or server found it; the rest arrives and the hops add up', async () => {
    copyCategory(estate, 'kept', options);
    policy('kept', { poison: 'quarantine' });
    const { summary } = await steeredRun(estate, { category: 'kept' }, refuseLarge('kept'));
    expect(summary).toMatchObject({ state: 'COMPLETED', chunksDone: 3, rows: 3, rowsQuarantined: 2 });
    expect(await rowsOf(estate, 'mart.kept')).toEqual([day1, second, fourth]);

    const report = reportOf(summary?.report ?? '');
    expect(report).toMatchObject({ totals: { rowsQuarantined: 2 }, left: { chunks: 0, rowsPlanned: 0 } });
    const told = report.chunks.filter(({ quarantine }) => quarantine !== null);
    expect(told).toMatchObject([
      {
        chunk: 'kept/server01/One/20250102',
        quarantine: {
          rows: 2,
          object: expect.stringMatching(/^quarantine\/kept\/kept\/server01\/One\/2025\/01\/02\/.+\.jsonl$/),
        },
      },
    ]);
    const lines = entries(told[0]?.quarantine?.object ?? '');
    expect(lines).toEqual([
      {
        ordinal: 1,
        column: 'note',
        reason: 'NUL_CHARACTER',
        values: {
          id: 'b',
          taken_at: '2025-01-02 08:01:00.000000',
          note: `${secret}\0`,
          amount: '-0.500',
          dropped: '2',
        },
      },
      {
        ordinal: 2,
        column: null,
        reason: 'SQLSTATE_23514',
        values: {
          id: 'c',
          taken_at: '2025-01-02 08:02:00.000000',
          note: secret,
          amount: '999.125',
          dropped: '3',
        },
      },
    ]);
    expect(stats(`import/kept/${runIdOf(summary?.report)}/kept-server01-One.csv`)).toContain(
      `,2,${told[0]?.quarantine?.object}\n`,
    );

    const found = await hops('kept');
    expect(found.map(({ hop, rows, method, matches }) => [hop, rows, method, matches])).toEqual([
      ['transformed', 4, 'reader', null],
      ['stage', 2, 'postgres', true],
      ['quarantine', 2, 'reader', null],
    ]);
    const [all, stage, quarantine] = found.map(({ sum }) => BigInt(`0x${sum}`));
    expect(BigInt.asUintN(64, (stage ?? 0n) + (quarantine ?? 0n))).toBe(all);
    // The file alone tells the sum too: no value in it is another one than was hashed.
    expect(hashOf(lines)).toBe(found[2]?.sum);
  }, 60_000);

  it('is left where it is by the next run, until the policy takes its place away', async () => {
    const untouched = await steeredRun(
      estate,
      { category: 'kept' },
      {
        activities: () => ({
          exportChunk: () => Promise.reject(new Error('was exported again')),
        }),
      },
    );
    expect(untouched.summary).toMatchObject({ chunksDone: 3, rows: 3, rowsQuarantined: 2 });
    policy('kept', { poison: 'park' });
    expect(await estate.fail({ category: 'kept' })).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    expect(await states(estate, 'kept')).toEqual([
      'One/20250101 DONE',
      'One/20250102 NEEDS_ATTENTION VALUE_UNREPRESENTABLE',
      'One/20250103 DONE',
    ]);
    expect(await rowsOf(estate, 'mart.kept')).toEqual([day1, second, fourth]);

    const source = await estate.source('server01', 'One');
    await source
      .request()
      .query(`UPDATE dbo.kept_left SET note = 'mended', amount = 7 WHERE id IN ('b', 'c')`);
    expect(await estate.run({ category: 'kept' })).toMatchObject({ rows: 5, rowsQuarantined: 0 });
    expect(await rowsOf(estate, 'mart.kept')).toHaveLength(5);
  }, 60_000);

  it('parks its chunk all the same where there are too many of them', async () => {
    copyCategory(estate, 'limited', options);
    policy('limited', { poison: 'quarantine', poisonLimit: 1 });
    await steeredRun(estate, { category: 'limited' }, refuseLarge('limited'));
    const message = (await chunks(estate, 'limited'))[1]?.message;
    expect(message).toMatch(/: Row 2 of the chunk: .*23514, small.*More than 1 rows \(poisonLimit\)/);
    expect(await rowsOf(estate, 'stage.limited')).toEqual([day1]);
  }, 60_000);

  const growNotes = (name: string) =>
    estate.writeFile(
      `sql/transform/${name}.sql`,
      `SELECT l.id, l.taken_at, repeat(l.note, 17) AS note, l.amount, l.dropped, r.device, r.quality
         FROM ${name}_left AS l LEFT JOIN ${name}_right AS r ON l.id = r.device AND l.taken_at = r.taken_at`,
    );

  it('may come out of the transform: a text that grew too long is found before the server cuts or refuses it', async () => {
    joinCategory(estate, 'long', options);
    growNotes('long');
    policy('long', { poison: 'quarantine' });
    const summary = await estate.run({ category: 'long' });
    expect(summary).toMatchObject({ rows: 2, rowsQuarantined: 2 });
    expect(await rowsOf(estate, 'mart.long')).toEqual([
      joined(day1.replace('first', 'first'.repeat(17))),
      joined(fourth),
    ]);
  }, 60_000);

  it('may be held after all, cut by the policy of its column, also behind a transform', async () => {
    joinCategory(estate, 'cut', options);
    growNotes('cut');
    estate.configure('config/categories/cut.json', (json) => {
      const [target] = json.targets as [{ columns: { name: string; policy?: string }[] }];
      for (const column of target.columns) if (column.name === 'note') column.policy = 'truncate';
      return json;
    });
    const summary = await estate.run({ category: 'cut' });
    expect(summary).toMatchObject({ state: 'COMPLETED', rows: 4, rowsQuarantined: 0 });
    const notes = await estate.postgres.query('SELECT note FROM mart.cut ORDER BY id, taken_at');
    expect(notes.rows.map(({ note }) => note)).toEqual([
      'first'.repeat(17),
      'second'.repeat(17).slice(0, 100),
      secret.repeat(17).slice(0, 100),
      null,
    ]);
    expect(reportOf(summary.report ?? '')).toMatchObject({
      policies: [{ target: 'cut', column: 'note', policy: 'truncate', values: 2 }],
    });
  }, 60_000);

  it('is told by the report of a stopped run with all that is left', async () => {
    copyCategory(estate, 'stopped', options);
    let summary: unknown;
    await steeredRun(
      estate,
      { category: 'stopped' },
      {
        activities: (own) => ({
          writeReport: async (input) => {
            const written = await own.writeReport({ ...input, state: 'STOPPED' });
            summary = written;
            return written;
          },
        }),
      },
    );
    expect(summary).toMatchObject({ state: 'STOPPED', chunksDone: 2, chunksParked: 1 });
    const { report } = summary as { readonly report: string };
    expect(reportOf(report)).toMatchObject({ state: 'STOPPED', left: { chunks: 1, rowsPlanned: 4 } });
    const { rows } = await estate.postgres.query(
      `SELECT state, finished_at IS NOT NULL AS ended FROM migration_control.run WHERE category = 'stopped'`,
    );
    expect(rows).toEqual([{ state: 'STOPPED', ended: true }]);
  }, 60_000);
});

function runIdOf(report: string | undefined): string {
  return report?.split('/').at(-2) ?? '';
}

/** Over what the lines hold, read back by nothing of the product. */
function hashOf(lines: readonly { readonly values: Readonly<Record<string, string | null>> }[]): string {
  const text = { kind: 'text' } as const;
  const columns: readonly Column[] = [
    { name: 'id', type: text, nullable: false },
    { name: 'taken_at', type: { kind: 'timestamp', precision: 3 }, nullable: false },
    { name: 'note', type: text, nullable: true },
    { name: 'amount', type: { kind: 'decimal', precision: 11, scale: 3 }, nullable: true },
    { name: 'dropped', type: { kind: 'int', bits: 32 }, nullable: true },
  ];
  const micros = (time: string) => BigInt(Date.parse(`${time.replace(' ', 'T')}Z`)) * 1000n;
  const sum = lines
    .map(({ values }) => [
      values.id ?? null,
      micros(values.taken_at ?? ''),
      values.note ?? null,
      BigInt((values.amount ?? '').replace('.', '')),
      Number(values.dropped),
    ])
    .reduce((total, cells) => total + rowHash(canonicalRow(columns, cells)), 0n);
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}
