import { createHash } from 'node:crypto';
import { checksumSelectListTsql, hasServerForm, type TsqlColumn } from '../../../engine/rows/checksum-tsql';
import { logicalTypeOf } from '../../../engine/rows/type-map';
import type { LogicalType } from '../../../engine/rows/types';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { Cell, SqlServerEngine, SqlSession } from '../../../sandbox/sqlserver/engine/types';
import { type MatrixType, matrixStatements, typeMatrix } from '../../support/type-matrix';
import { type Answer, installClients, jdbc, pymssql, type Target } from './tds-clients';
import { startTestServer, type TestServer } from './tds-test-server';

const login = { user: 'reader', password: 'Matrix-1', database: 'Matrix' } as const;

jest.setTimeout(120_000);

describe('every type with its extreme values, read by clients nobody here wrote', () => {
  let engine: SqlServerEngine;
  let server: TestServer;
  let target: Target;

  beforeAll(async () => {
    await installClients();
    engine = await createEngine({
      name: 'server01',
      logins: [login],
      databases: [
        { name: login.database, snapshotIsolation: true, readCommittedSnapshot: false, tables: [] },
      ],
    });
    await fill(engine);
    server = await startTestServer(engine);
    target = { port: server.port, ...login };
  }, 300_000);

  afterAll(async () => {
    expect(server.internalErrors).toEqual([]);
    await server.close();
    await engine.close();
  });

  it("is the same at Microsoft's JDBC driver", async () => {
    const answers = await jdbc(target, typeMatrix.map(select));
    expect(differences(typeMatrix, answers, canonical, (text) => text)).toEqual([]);
  });

  it('is the same at FreeTDS, but for sql_variant and the digits that Python cannot hold', async () => {
    const known = typeMatrix.filter(({ name }) => !unknownToPython.includes(name));
    const answers = await pymssql(target, known.map(select), 'off');
    expect(differences(known, answers, canonical, asPython)).toEqual([]);
  });

  it("has the product's own checksum statement add up what the matrix says", async () => {
    const session = await engine.login({ ...login, applicationName: 'test', hostName: 'test' });
    const wrong: string[] = [];
    for (const type of typeMatrix) {
      const column = await catalogColumn(session, type);
      if (!hasServerForm(column)) continue;
      const [row] = await rowsOf(session, `SELECT ${checksumSelectListTsql([column])} FROM dbo.${type.name}`);
      const rows = [...type.values.map(({ text }) => canonicalRow(column.type, text)), '~;'];
      const sum = rows.reduce((total, text) => total + md5Prefix(text), 0n);
      if (row?.[0] !== BigInt(rows.length) || row[1] !== String(sum)) wrong.push(type.declaration);
    }
    await session.close();
    expect(wrong).toEqual([]);
  });

  it('numbers the rows that have a rowversion, anew with each change', async () => {
    const [, , , before, , after] = await jdbc(target, [
      'CREATE TABLE dbo.versions (id int NOT NULL PRIMARY KEY, v rowversion)',
      'INSERT INTO dbo.versions (id) VALUES (1)',
      'INSERT INTO dbo.versions (id) VALUES (2)',
      'SELECT id, v FROM dbo.versions ORDER BY id',
      'UPDATE dbo.versions SET id = 1 WHERE id = 1',
      'SELECT id, v FROM dbo.versions ORDER BY id',
    ]);
    expect(before?.types).toEqual(['int', 'timestamp']);
    expect(before?.rows).toEqual([
      ['1', '00000000000007d1'],
      ['2', '00000000000007d2'],
    ]);
    expect(after?.rows?.[0]).toEqual(['1', '00000000000007d3']);
  });
});

async function fill(engine: SqlServerEngine): Promise<void> {
  const session = await engine.login({ ...login, applicationName: 'fill', hostName: 'test' });
  for (const statement of typeMatrix.flatMap(matrixStatements)) {
    for await (const _ of session.execute(statement, [], new AbortController().signal));
  }
  await session.close();
}

const select = ({ name }: MatrixType): string => `SELECT v FROM dbo.${name} ORDER BY id`;

async function rowsOf(session: SqlSession, sql: string): Promise<readonly (readonly Cell[])[]> {
  const rows: Cell[][] = [];
  for await (const event of session.execute(sql, [], new AbortController().signal)) {
    if (event.kind !== 'rows') continue;
    for (let row = 0; row < event.count; row += 1)
      rows.push(event.columns.map((column) => column[row] as Cell));
  }
  return rows;
}

/** The column `v` of a type's table, as the catalog views tell the product of it. */
async function catalogColumn(session: SqlSession, { name }: MatrixType): Promise<TsqlColumn> {
  const [facts] = await rowsOf(
    session,
    `SELECT t.name, c.max_length, c.precision, c.scale, t.is_assembly_type
     FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id
     WHERE c.object_id = OBJECT_ID('dbo.${name}') AND c.name = 'v'`,
  );
  const [typeName, maxLength, precision, scale, clr] = facts as [string, number, number, number, boolean];
  const type = logicalTypeOf({ typeName, maxLength, precision, scale, clr });
  return { name: 'v', type, nullable: true, sourceType: typeName };
}

/** docs/checksums.md, written down once more. */
function canonicalRow(type: LogicalType, text: string): string {
  if (type.kind === 'text') return `${Buffer.byteLength(text)}:${text};`;
  if (type.kind === 'bytes') return `${text.length / 2}:${text};`;
  if (type.kind !== 'float') return `${text};`;
  const bits = Buffer.alloc(type.bits / 8);
  if (type.bits === 64) bits.writeDoubleBE(Number(text));
  else bits.writeFloatBE(Number(text));
  return `${bits.toString('hex')};`;
}

const md5Prefix = (text: string): bigint => createHash('md5').update(text).digest().readBigInt64BE();

type Spell = (text: string, type: MatrixType) => string;

/** Values that a client shows otherwise than the matrix has them, each type's NULL at its end included. */
function differences(
  types: readonly MatrixType[],
  answers: readonly Answer[],
  spell: Spell,
  known: Spell,
): readonly string[] {
  return types.flatMap((type, index) => {
    const { rows, message } = answers[index] ?? {};
    const seen = rows?.map(([value]) => (typeof value === 'string' ? spell(value, type) : 'NULL'));
    const wanted = [...type.values.map(({ text }) => known(text, type)), 'NULL'];
    if (seen?.length !== wanted.length) return [`${type.declaration}: ${message ?? `${seen?.length} rows`}`];
    return wanted.flatMap((text, row) =>
      text === seen[row] ? [] : [`${type.declaration}: ${cut(seen[row])} for ${cut(text)}`],
    );
  });
}

const cut = (text: string | undefined): string => JSON.stringify(text?.slice(0, 60));

/** A client's own way to write a value, as the matrix writes it; what is no such way stays as it is. */
function canonical(text: string, type: MatrixType): string {
  const base = /^\w+/.exec(type.declaration)?.[0] ?? '';
  switch (base) {
    case 'bit':
      return ({ True: '1', False: '0' } as Record<string, string>)[text] ?? text;
    case 'float':
      return floatText(Number(text));
    case 'real':
      return Number(text) === 0
        ? floatText(Number(text))
        : floatText(Number(Math.fround(Number(text)).toPrecision(8)));
    case 'uniqueidentifier':
      return text.toLowerCase();
    case 'datetime':
    case 'smalldatetime':
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return timeText(text, base === 'datetime' ? 3 : Number(/\((\d)\)/.exec(type.declaration)?.[1] ?? 0));
    case 'sql_variant':
      return /^-?[\d.]+E-?\d+$/.test(text)
        ? floatText(Number(text))
        : text.replace(/^[\dA-F-]{36}$/, (id) => id.toLowerCase());
  }
  return text;
}

const floatText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Clients leave out zeros at the end of a fraction, or fill it up with them. */
function timeText(text: string, digits: number): string {
  const [, clock = text, fraction = '', zone = ''] =
    /^(.*?\d\d:\d\d:\d\d)(?:\.(\d+))?(?: ?([+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const kept = fraction.replace(/0+$/, '').padEnd(digits, '0');
  return `${clock}${digits === 0 ? fraction.replace(/0+$/, '') : `.${kept}`}${zone && ` ${zone}`}`;
}

/** pymssql hands over the bytes of what is in a sql_variant and not its type. */
const unknownToPython: readonly string[] = ['sql_variant'];

/** Python's times end at the microsecond. */
const asPython: Spell = (text, type) =>
  /^(time|datetime2|datetimeoffset)\(7\)$/.test(type.declaration) ? text.replace(/(\.\d{6})\d/, '$10') : text;
