import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type sql from 'mssql';
import { type Estate, startEstate } from '../../support/estate.js';
import type { Crossing } from './crossing.js';
import { fill, paths, rowsInParallel, rowsOneByOne, writeCategory } from './crossing-tables.js';
import { serverOf } from './small-category.js';
import { chunks } from './steered-run.js';
import { crossings, plainCrossings } from './type-crossings.js';

/** Source tables, each with a row for each value of its columns; the server hashes no table with these types. */
const withoutServerForm = /^(xml|sql_variant)/;
const held = [...plainCrossings, ...crossings].map((crossing) => ({
  ...crossing,
  values: crossing.values.filter(({ refused }) => refused === undefined),
}));
const tables: Readonly<Record<string, readonly Crossing[]>> = {
  hashed: held.filter(({ declaration }) => !withoutServerForm.test(declaration)),
  unhashed: held.filter(({ declaration }) => withoutServerForm.test(declaration)),
};
const misfits = crossings
  .map((crossing) => ({
    ...crossing,
    values: crossing.values.filter(({ refused }) => refused !== undefined),
  }))
  .filter(({ values }) => values.length > 0);

interface Report {
  readonly policies: readonly object[];
  readonly chunks: readonly {
    readonly chunk: string;
    readonly policies: readonly object[];
    readonly quarantine: { readonly rows: number; readonly object: string } | null;
  }[];
}

jest.setTimeout(60_000);

describe('every type with its extreme values, on both paths into PostgreSQL', () => {
  let estate: Estate;
  let source: sql.ConnectionPool;
  let report: Report;

  beforeAll(async () => {
    estate = await startEstate({ servers: { server01: serverOf('server01', []) } });
    source = await estate.source('server01', 'One');
    for (const [name, columns] of Object.entries(tables)) await fill(source, name, columns, rowsInParallel);
    await fill(source, 'misfits', misfits, rowsOneByOne);
    await writeCategory(estate, source, 'matrix', tables);
    report = reportOf(await estate.run({ category: 'matrix' }));
  }, 120_000);
  afterAll(() => estate?.stop());

  it.each(paths)(
    'shows in PostgreSQL what the source holds, or what the policy makes of it (%s)',
    async (path) => {
      const differences: string[] = [];
      for (const [table, columns] of Object.entries(tables)) {
        const wanted = rowsInParallel(columns);
        const seen = await shown(estate, `${table}_${path}`, columns);
        expect(seen).toHaveLength(wanted.length);
        wanted.forEach((row, place) => {
          columns.forEach(({ name }, index) => {
            const [text, other] = [row[index]?.shown ?? null, seen[place]?.[index] ?? null];
            if (text !== other) differences.push(`${name}: ${cut(other)} for ${cut(text)}`);
          });
        });
      }
      expect(differences).toEqual([]);
    },
  );

  it.each(Object.keys(tables))('gives the same rows and checksums on both paths (%s)', async (table) => {
    const [direct, staged] = await Promise.all(paths.map((path) => hops(estate, `${table}_${path}`)));
    expect(direct?.map(({ hop }) => hop)).toEqual(['raw', 'source', 'stage', 'transformed']);
    expect(direct?.map(withoutMethod)).toEqual(staged?.map(withoutMethod));
    const method = table === 'hashed' ? 'server' : 'reader';
    for (const one of [direct, staged]) expect(one?.find(({ hop }) => hop === 'source')?.method).toBe(method);
  });

  it('reports how many values of each column its policy has changed', () => {
    const uses = Object.entries(tables).flatMap(([table, columns]) =>
      paths.flatMap((path) =>
        columns
          .map(({ name, policy, values }) => ({
            column: name,
            policy,
            values: values.filter(({ changed }) => changed).length,
          }))
          .filter(({ values }) => values > 0)
          .map((use) => ({ target: `${table}_${path}`, ...use })),
      ),
    );
    expect(uses.length).toBeGreaterThan(20);
    expect(sorted(report.policies)).toEqual(sorted(uses));
    const ofChunk = report.chunks.find(({ chunk }) => chunk.startsWith('hashed_direct/'))?.policies ?? [];
    const ofTarget = uses.filter(({ target }) => target === 'hashed_direct');
    expect(sorted(ofChunk)).toEqual(sorted(ofTarget.map(({ target: _, ...use }) => use)));
  });

  it('parks a chunk with a value that does not fit, and names its column and row', async () => {
    await writeCategory(estate, source, 'misfits', { misfits });
    expect(await estate.fail({ category: 'misfits' })).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    const [first] = misfits;
    const parked = await chunks(estate, 'misfits');
    expect(parked).toHaveLength(paths.length);
    for (const { code, message } of parked) {
      expect(code).toBe('VALUE_UNREPRESENTABLE');
      expect(message).toContain(`Column ${first?.name}, row 1 of the chunk`);
      expect(message).not.toContain(first?.values[0]?.refused?.text);
    }
  });

  it('leaves out just the rows that do not fit where they may go to quarantine, whole and with their reason', async () => {
    await writeCategory(estate, source, 'misfits', { misfits }, { poison: 'quarantine' });
    const { chunks: told } = reportOf(await estate.run({ category: 'misfits' }));
    const rows = rowsOneByOne(misfits);
    const wanted = rows.flatMap((row, ordinal) =>
      row.flatMap((value, index) => {
        const { reason, text } = value?.refused ?? {};
        return reason === undefined ? [] : [{ ordinal, column: misfits[index]?.name, reason, text }];
      }),
    );
    expect(wanted).toHaveLength(rows.length - 2);
    for (const path of paths) {
      const quarantine = told.find(({ chunk }) => chunk.startsWith(`misfits_${path}/`))?.quarantine;
      expect(linesOf(estate, quarantine?.object ?? '')).toEqual(wanted);
      expect(await shown(estate, `misfits_${path}`, misfits)).toEqual(
        [0, 1].map(() => misfits.map(() => null)),
      );
    }
  });
});

/** A table's columns as texts, row by row in the order of `id`. */
async function shown(
  estate: Estate,
  table: string,
  columns: readonly Crossing[],
): Promise<readonly (readonly (string | null)[])[]> {
  await estate.postgres.query(`SET TimeZone = 'UTC'`);
  const { rows, fields } = await estate.postgres.query<(string | null)[]>({
    text: `SELECT ${columns.map(({ name }) => `"${name}"::text`).join(', ')} FROM mart.${table} ORDER BY id`,
    rowMode: 'array',
  });
  expect(fields).toHaveLength(columns.length);
  const isFloat = columns.map(({ declaration }) => /^(float|real)/.test(declaration));
  return rows.map((row) =>
    row.map((text, index) => (text !== null && isFloat[index] ? floatText(Number(text)) : text)),
  );
}

/** PostgreSQL takes to powers of ten earlier than JavaScript. */
const floatText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

interface Hop {
  readonly hop: string;
  readonly rows: number;
  readonly sum: string;
  readonly method: string;
}

async function hops(estate: Estate, target: string): Promise<readonly Hop[]> {
  const { rows } = await estate.postgres.query<Hop>(
    `SELECT k.hop, k.rows::int AS rows, k.sum, k.method
       FROM migration_control.checksum k JOIN migration_control.chunk c USING (chunk_id, run_id)
      WHERE c.target = $1 ORDER BY k.hop`,
    [target],
  );
  return rows;
}

const withoutMethod = ({ hop, rows, sum }: Hop) => ({ hop, rows, sum });

function reportOf({ report }: { readonly report: string }): Report {
  return JSON.parse(readFileSync(new URL(report), 'utf8')) as Report;
}

function linesOf(estate: Estate, key: string): readonly object[] {
  return readFileSync(join(estate.directory, 'buckets/stats', key), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { ordinal, column, reason, values } = JSON.parse(line);
      return { ordinal, column, reason, text: values[column] };
    });
}

const sorted = (entries: readonly object[]): readonly string[] =>
  entries.map((entry) => JSON.stringify(entry)).sort();

const cut = (text: string | null): string => JSON.stringify(text?.slice(0, 60) ?? null);
