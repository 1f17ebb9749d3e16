import { join } from 'node:path';
import { type Connection, TYPES } from 'tedious';
import type { Cell, Parameter, ResultColumn } from '../../../sandbox/sqlserver/engine/types';
import { installClients, jdbc, makeTrustStore, pymssql, type Target } from './tds-clients';
import { FakeEngine, fakeLogin, stream } from './tds-fake-engine';
import { connect, query, startTestServer, type TestServer } from './tds-test-server';
import { typeCases } from './tds-types';

const columns = (nullable: boolean): ResultColumn[] =>
  typeCases.map(({ type }, index) => ({ name: `c${index}`, type, nullable }));
const values: readonly Cell[] = typeCases.map(({ value }) => value);
const hasHole = (index: number) => index % 2 === 0;
/** Every other column NULL: a row with NULLs looks different on the wire. */
const holes = values.map((value, index) => (hasHole(index) ? null : value));
const nothing = values.map(() => null);

/** The three rows of `select nullable` as a client should show them. */
function expected(client: 'jdbc' | 'pymssql' | 'tedious'): unknown[][] {
  const texts = typeCases.map((entry) => entry[client]);
  return [texts, texts.map((text, index) => (hasHole(index) ? null : text)), nothing];
}

const parameterNames = Array.from({ length: 10 }, (_, index) => `@P${index}`).join(',');
let received: readonly Parameter[] = [];

async function* echo(parameters: readonly Parameter[]) {
  received = parameters;
  yield* stream({
    columns: parameters.map(({ name, type }) => ({ name, type, nullable: true })),
    rows: [parameters.map(({ value }) => value)],
  });
}

const engine = new FakeEngine({
  'select nullable': () => stream({ columns: columns(true), rows: [values, holes, nothing] }),
  'select required': () => stream({ columns: columns(false), rows: [values] }),
  [`echo ${parameterNames}`]: echo,
  echo,
});

jest.setTimeout(60_000);

describe('every type of the stand-in, read by clients nobody here wrote', () => {
  let server: TestServer;
  let target: Target;

  beforeAll(async () => {
    await installClients();
    server = await startTestServer(engine);
    target = { port: server.port, ...fakeLogin };
  }, 300_000);

  afterAll(async () => {
    expect(server.internalErrors).toEqual([]);
    await server.close();
  });

  const both = ['select nullable', 'select required'];

  it.each([true, false])("arrives whole at Microsoft's JDBC driver, all encrypted: %s", async (encrypted) => {
    const trustStore = encrypted ? join(server.folder, 'trust.p12') : undefined;
    if (trustStore !== undefined) {
      await makeTrustStore(server.caFile, trustStore);
    }
    const [nullable, required] = await jdbc(target, both, trustStore);
    expect(nullable?.rows).toEqual(expected('jdbc'));
    expect(required?.rows).toEqual(expected('jdbc').slice(0, 1));
    expect(nullable?.types).toEqual(typeCases.map(({ type }) => type.name));
  });

  it.each(['require', 'request', 'off'] as const)(
    'arrives whole at FreeTDS with encryption %s',
    async (encryption) => {
      const [nullable, required] = await pymssql(target, both, encryption);
      expect(nullable?.rows).toEqual(expected('pymssql'));
      expect(required?.rows).toEqual(expected('pymssql').slice(0, 1));
    },
  );

  it.each([true, false])('arrives whole at tedious, all encrypted: %s', async (encrypted) => {
    const connection = await connect(target, encrypted ? server.caFile : undefined);
    const nullable = await query(connection, 'select nullable');
    const required = await query(connection, 'select required');
    connection.close();
    expect(nullable.rows.map((row) => row.map(withoutDelta))).toEqual(expected('tedious'));
    expect(required.rows.map((row) => row.map(withoutDelta))).toEqual(expected('tedious').slice(0, 1));
  });

  it.each([512, 4096, 16_000])('arrives whole in packets of %i bytes', async (packetSize) => {
    const connection = await connect(target, server.caFile, { packetSize });
    const { rows } = await query(connection, 'select nullable');
    connection.close();
    expect(rows.map((row) => row.map(withoutDelta))).toEqual(expected('tedious'));
  });

  it('takes the parameters of JDBC through sp_executesql, sp_prepexec and sp_execute', async () => {
    const marks = parameterNames.replaceAll(/@P\d/g, '?');
    const [answer] = await jdbc(target, [`!bind echo ${marks}`]);
    const timestamp = '2025-01-31 23:59:59.9970000';
    expect(answer?.rows).toEqual([
      [
        '1',
        '-7',
        '-9223372036854775808',
        '-12345678901234567890.125',
        'é€😀 ',
        '2025-01-31',
        timestamp,
        '00ff',
        null,
        '0.1',
      ],
    ]);
    expect(received[3]?.value).toBe(-12345678901234567890125n);
    expect(received[6]?.value).toBe(timestamp);
  });

  it('takes the parameters of tedious, NULL and (max) included', async () => {
    const connection = await connect(target, server.caFile);
    const { rows } = await query(connection, 'echo', (request) => {
      request.addParameter('bit', TYPES.Bit, true);
      request.addParameter('tiny', TYPES.TinyInt, 255);
      request.addParameter('small', TYPES.SmallInt, -1);
      request.addParameter('big', TYPES.BigInt, '9223372036854775807');
      request.addParameter('nothing', TYPES.Int, null);
      request.addParameter('dec', TYPES.Decimal, -99_999_999.999, { precision: 11, scale: 3 });
      request.addParameter('dt', TYPES.DateTime, new Date('2025-01-31T23:59:59.997Z'));
      request.addParameter('dt2', TYPES.DateTime2, new Date('2025-01-31T23:59:59.997Z'), { scale: 3 });
      request.addParameter('day', TYPES.Date, new Date('2025-01-31T00:00:00Z'));
      request.addParameter('text', TYPES.VarChar, 'é€');
      request.addParameter('wide', TYPES.NVarChar, 'Ω😀'.repeat(50_000));
      request.addParameter('noText', TYPES.NVarChar, null);
      request.addParameter('guid', TYPES.UniqueIdentifier, '00112233-4455-6677-8899-AABBCCDDEEFF');
      request.addParameter('bytes', TYPES.VarBinary, Buffer.from([0, 255]));
      request.addParameter('real', TYPES.Real, 1.5);
    });
    connection.close();
    expect(rows[0]?.map(withoutDelta)).toEqual([
      true,
      255,
      -1,
      '9223372036854775807',
      null,
      -99_999_999.999,
      new Date('2025-01-31T23:59:59.997Z'),
      new Date('2025-01-31T23:59:59.997Z'),
      new Date('2025-01-31T00:00:00Z'),
      'é€',
      'Ω😀'.repeat(50_000),
      null,
      '00112233-4455-6677-8899-AABBCCDDEEFF',
      Buffer.from([0, 255]),
      1.5,
    ]);
    expect(received[5]?.value).toBe(-99_999_999_999n);
  });

  it('runs a statement prepared once with other values each time, and forgets it when told', async () => {
    const connection: Connection = await connect(target);
    const { Request } = await import('tedious');
    const seen: unknown[] = [];
    const request = new Request('echo', () => undefined);
    request.addParameter('x', TYPES.Int);
    request.on('row', (cells: { readonly value: unknown }[]) => seen.push(cells[0]?.value));
    const finished = (event: string) => new Promise<void>((resolve) => request.once(event, () => resolve()));
    const step = async (event: string, start: () => void) => {
      const done = finished(event);
      start();
      await done;
    };
    await step('prepared', () => connection.prepare(request));
    await step('requestCompleted', () => connection.execute(request, { x: 1 }));
    await step('requestCompleted', () => connection.execute(request, { x: 2 }));
    await step('requestCompleted', () => connection.unprepare(request));
    connection.close();
    expect(seen).toEqual([1, 2]);
  });
});

/** tedious hangs the digits behind the milliseconds on its dates, which equality would stumble over. */
function withoutDelta(value: unknown): unknown {
  return value instanceof Date ? new Date(value.getTime()) : value;
}
