import { ISOLATION_LEVEL, TYPES } from 'tedious';
import RpcRequestPayload from 'tedious/lib/rpcrequest-payload';
import { Transaction } from 'tedious/lib/transaction';
import type { Parameter } from '../../../../sandbox/sqlserver/engine/types';
import { Procedures } from '../../../../sandbox/sqlserver/tds/procedures';
import {
  parseRpc,
  parseSqlBatch,
  parseTransactionRequest,
  type RpcCall,
} from '../../../../sandbox/sqlserver/tds/requests';

const allHeaders = '16000000120000000200000000000000000001000000';
const whole = (payload: Iterable<Buffer>) => Buffer.concat([...payload]);

describe('requests', () => {
  it('as SQL batches lose their headers', () => {
    expect(
      parseSqlBatch(Buffer.concat([Buffer.from(allHeaders, 'hex'), Buffer.from('select 1 é', 'utf16le')])),
    ).toBe('select 1 é');
  });

  it('with headers longer than the message are refused', () => {
    expect(() => parseSqlBatch(Buffer.from('ff000000', 'hex'))).toThrow('ALL_HEADERS');
  });

  it.each([
    ['sp_executesql', 'sp_executesql'],
    [10, 'sp_executesql'],
    ['sys.SP_Execute', 'sp_execute'],
    ['tempdb.sys.sp_getapplock', 'sp_getapplock', 'tempdb'],
    ['tempdb..sp_getapplock', 'sp_getapplock', 'tempdb'],
    [99, 'procedure number 99'],
  ])('as procedure calls name %s', (procedure, name, database = undefined) => {
    const options = { tdsVersion: '7_4' } as never;
    const parameters = [{ name: 'p', type: TYPES.Int, value: 5, output: true }] as never;
    const [call] = parseRpc(
      whole(new RpcRequestPayload(procedure, parameters, Buffer.alloc(8), options, undefined)),
    );
    expect(call).toEqual({
      procedure: name,
      database,
      parameters: [{ name: '@p', output: true, type: { name: 'int' }, value: 5 }],
    });
  });

  it('may be several procedure calls in one message', () => {
    const call = 'ffff0f000000' + '0000' + '26040401000000';
    const calls = parseRpc(Buffer.from(`${allHeaders}${call}ff${call}`, 'hex'));
    expect(calls.map(({ procedure }) => procedure)).toEqual(['sp_unprepare', 'sp_unprepare']);
  });

  it('of the transaction manager say what to begin, commit or roll back', () => {
    const descriptor = Buffer.alloc(8);
    const transaction = new Transaction('name', ISOLATION_LEVEL.SNAPSHOT);
    const parse = (payload: Iterable<Buffer>) => parseTransactionRequest(whole(payload));
    expect(parse(transaction.beginPayload(descriptor))).toEqual({ kind: 'begin', isolation: 'SNAPSHOT' });
    expect(parse(transaction.commitPayload(descriptor))).toEqual({ kind: 'commit' });
    expect(parse(transaction.rollbackPayload(descriptor))).toEqual({ kind: 'rollback' });
    expect(() => parse(transaction.savePayload(descriptor))).toThrow('unknown');
    expect(parseTransactionRequest(Buffer.from(`${allHeaders}0700000104`, 'hex'))).toEqual({
      kind: 'commit',
      next: { isolation: 'SERIALIZABLE' },
    });
  });
});

describe('procedures', () => {
  const text = (value: string): RpcCall['parameters'][number] => ({
    name: '',
    output: false,
    type: { name: 'nvarchar', length: 4_000, collation: 'SQL_Latin1_General_CP1_CI_AS' },
    value,
  });
  const number = (value: number | null, name = '', output = false): RpcCall['parameters'][number] => ({
    name,
    output,
    type: { name: 'int' },
    value,
  });
  const pairs = (parameters: readonly Parameter[] = []) => parameters.map(({ name, value }) => [name, value]);

  it('bind values by name and by place to what was declared', () => {
    const procedures = new Procedures();
    const declared = [text('select @a, @b'), text('@a decimal(38,3), @b int')];
    const byPlace = procedures.plan({
      procedure: 'sp_executesql',
      parameters: [...declared, number(1), number(2)],
    });
    expect(pairs(byPlace.statement?.parameters)).toEqual([
      ['@a', 1],
      ['@b', 2],
    ]);
    const byName = procedures.plan({
      procedure: 'sp_executesql',
      parameters: [...declared, number(2, '@B'), number(1, '@a')],
    });
    expect(pairs(byName.statement?.parameters)).toEqual([
      ['@a', 1],
      ['@b', 2],
    ]);
  });

  it('leave what they do not know to the engine', () => {
    const call = { procedure: 'sp_who', database: 'tempdb', parameters: [] };
    expect(new Procedures().plan(call)).toEqual({ call });
  });

  it('keep a prepared statement until it is unprepared', () => {
    const procedures = new Procedures();
    const { handle } = procedures.plan({
      procedure: 'sp_prepare',
      parameters: [number(null, '@handle', true), text('@a int'), text('select @a')],
    });
    expect(handle).toEqual({ name: '@handle', value: 1 });
    const run = (value: number) =>
      procedures.plan({ procedure: 'sp_execute', parameters: [number(1), number(value)] }).statement;
    expect(pairs(run(7)?.parameters)).toEqual([['@a', 7]]);
    procedures.plan({ procedure: 'sp_unprepare', parameters: [number(1)] });
    expect(() => run(7)).toThrow('Could not find prepared statement with handle 1.');
  });

  it.each<readonly [string, RpcCall, string]>([
    ['no statement', { procedure: 'sp_executesql', parameters: [] }, "expects parameter '@statement'"],
    [
      'a value that is missing',
      { procedure: 'sp_executesql', parameters: [text('select @a'), text('@a int')] },
      "expects the parameter '@a'",
    ],
    [
      'a value too many',
      { procedure: 'sp_executesql', parameters: [text('select 1'), text(''), number(1)] },
      'too many arguments',
    ],
    [
      'an output parameter',
      { procedure: 'sp_executesql', parameters: [text('set @a=1'), text('@a int'), number(1, '@a', true)] },
      'OUTPUT',
    ],
  ])('refuse %s', (_name, call, message) => {
    expect(() => new Procedures().plan(call)).toThrow(message);
  });
});
