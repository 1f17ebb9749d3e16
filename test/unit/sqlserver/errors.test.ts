import sql from 'mssql';
import { connectError, requestError } from '../../../engine/sqlserver/errors';
import { serverErrorNumber } from '../../../engine/sqlserver/fault';
import { serverErrorRules } from '../../../engine/sqlserver/server-errors';

/** What becomes of each error number that has an answer of its own. */
const policies: readonly (readonly [code: string, retryable: boolean, numbers: readonly number[]])[] = [
  ['SOURCE_LOGIN', false, [18452, 18456, 18470, 18486, 18487, 18488]],
  ['SOURCE_DATABASE', false, [911, 916, 4060, 4064, 40532]],
  ['SOURCE_PERMISSION', false, [229, 230, 262, 297, 300, 371]],
  ['SOURCE_OBJECT', false, [207, 208, 2020]],
  ['SOURCE_QUERY', false, [102, 103, 105, 155, 156, 170, 174, 189, 195, 206, 257, 306, 319, 402, 403, 447]],
  [
    'SOURCE_QUERY',
    false,
    [448, 468, 517, 529, 536, 537, 1035, 4104, 4121, 4145, 8116, 8117, 8134, 8144, 9810],
  ],
  ['SOURCE_CONVERSION', false, [241, 242, 245, 8114, 8115]],
  ['SOURCE_DEADLOCK', true, [1205]],
  ['SOURCE_TIMEOUT', true, [-2, 1222]],
  ['SOURCE_SNAPSHOT', false, [3952, 41332]],
  ['SOURCE_SNAPSHOT_LOST', true, [3958, 3961, 3966, 3967]],
  ['SOURCE_THROTTLED', true, [701, 802, 1101, 1105, 1204, 8628, 8645, 8651]],
  ['SOURCE_THROTTLED', true, [10928, 10929, 40501, 40549, 40550, 40551, 40552, 40553, 49918, 49919, 49920]],
  ['SOURCE_CONNECTION', true, [596, 6005, 18401, 18461, 40143, 40197, 40540, 40613]],
  ['SOURCE_CONNECTION', true, [922, 976, 978, 983, 3948, 4221]],
  ['SOURCE_UNREACHABLE', true, [40615, 40914]],
];

const place = { alias: 'server01', host: 'db.example', port: 1433, database: 'DatabaseA' };

function serverError(number: number, message: string, severity = 16): sql.RequestError {
  const original = Object.assign(new Error(message), {
    info: { number, class: severity, state: 1, message },
  });
  return new (sql.RequestError as unknown as new (error: Error, code: string) => sql.RequestError)(
    original,
    'EREQUEST',
  );
}

function socketError(code: string): Error {
  const cause = Object.assign(new Error('secret detail'), { code });
  return Object.assign(new Error('Failed to connect', { cause }), { code: 'ESOCKET' });
}

describe('the one map of source errors', () => {
  it.each([
    [4060, 'SOURCE_DATABASE'],
    [18456, 'SOURCE_LOGIN'],
  ])('tells error %i at login', (number, code) => {
    const login = Object.assign(new Error('Login failed for user x'), { code: 'ELOGIN' });
    const error = connectError(login, place, [number]);
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).toContain('Source server01 (db.example:1433), database DatabaseA');
  });

  it('names the database when the refused login follows from it', () => {
    const login = Object.assign(new Error('Login failed'), { code: 'ELOGIN' });
    expect(connectError(login, place, [18456, 4060]).code).toBe('SOURCE_DATABASE');
  });

  it.each([
    [[983, 4060, 18456], 'SOURCE_CONNECTION'],
    [[922, 4060], 'SOURCE_CONNECTION'],
    [[18401], 'SOURCE_CONNECTION'],
    [[4221], 'SOURCE_CONNECTION'],
    [[40540], 'SOURCE_CONNECTION'],
    [[40615], 'SOURCE_UNREACHABLE'],
    [[64999], 'SOURCE_UNREACHABLE'],
  ])('tries a login again that was refused with %j, and blames no password', (reported, code) => {
    const login = Object.assign(new Error('Login failed'), { code: 'ELOGIN' });
    const error = connectError(login, place, reported);
    expect(error).toMatchObject({ code, retryable: true });
    expect(error.message).toContain(`(error ${reported[0]})`);
  });

  it('takes a login that was refused without a number for wrong', () => {
    const login = Object.assign(new Error('Login failed'), { code: 'ELOGIN' });
    expect(connectError(login, place).code).toBe('SOURCE_LOGIN');
  });

  it('calls an unreachable server what it is, and lets it be tried again', () => {
    const error = connectError(socketError('ECONNREFUSED'), place);
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED'])(
    'tells for %s how to trust the certificate',
    (code) => {
      const error = connectError(socketError(code), place);
      expect(error.code).toBe('TLS_VERIFICATION');
      expect(error.message).toMatch(/MSSQL_CA_FILE/);
    },
  );

  it('tells a certificate for another name apart', () => {
    const error = connectError(socketError('ERR_TLS_CERT_ALTNAME_INVALID'), place);
    expect(error).toMatchObject({ code: 'TLS_VERIFICATION' });
    expect(error.message).toMatch(/another name than db.example/);
  });

  it.each(
    policies.flatMap(([code, retryable, numbers]) => numbers.map((number) => [number, code, retryable])),
  )('maps error %i to %s, and says what to do', (number, code, retryable) => {
    const error = requestError(serverError(Number(number), 'text'), place);
    expect(error).toMatchObject({ code, retryable });
    expect(serverErrorNumber(error)).toBe(number);
    expect(error.message).toContain(`(error ${number})`);
    expect(error.message).toMatch(
      retryable ? /tried again|taken anew|let it in/ : /check|grant|choose|correct|does not know/,
    );
  });

  it('knows no number that these tests do not name', () => {
    const tested = policies.flatMap(([, , numbers]) => numbers).sort((a, b) => a - b);
    expect(tested).toEqual([...serverErrorRules.keys()].sort((a, b) => a - b));
  });

  it('offers the choices where SNAPSHOT is off', () => {
    const { message } = requestError(serverError(3952, 'Snapshot isolation transaction failed'), place);
    expect(message).toMatch(/ALLOW_SNAPSHOT_ISOLATION ON.*"rcsi".*"quiesced"/);
  });

  it('tells what to choose for a memory-optimized table', () => {
    const { message } = requestError(serverError(41332, 'Memory optimized tables …'), place);
    expect(message).toMatch(/memory-optimized table.*"rcsi".*"quiesced"/);
  });

  it.each([
    [16, 'SOURCE_QUERY', false],
    [17, 'SOURCE_CONNECTION', true],
    [19, 'SOURCE_CONNECTION', true],
    [20, 'SOURCE_CONNECTION', true],
  ])('goes by the severity of an error that it does not know: %i', (severity, code, retryable) => {
    expect(requestError(serverError(64999, 'text', severity), place)).toMatchObject({ code, retryable });
  });

  it('keeps back a text that may quote a value of a row, in the cause as well', () => {
    for (const number of [245, 2627, 8152]) {
      const error = requestError(serverError(number, "converting the value 'Jane Doe'"), place);
      expect(error.message).toContain(String(number));
      expect(
        `${error.message}${error.stack}${String(error.cause)}${JSON.stringify(error.cause)}`,
      ).not.toContain('Jane');
    }
  });

  it('shows the text of a mistake in the statement itself, which can only be the filter', () => {
    for (const number of [102, 174, 195, 206, 402, 468, 536, 8116, 8117, 8134]) {
      const { code, message } = requestError(serverError(number, "Argument 'abc' is wrong."), place);
      expect(code).toBe('SOURCE_QUERY');
      expect(message).toContain("Argument 'abc' is wrong - ");
      expect(message).toContain('source_filter_<table>');
    }
  });

  it('tells a lost session from a mistake', () => {
    const closed = Object.assign(new Error('Connection closed'), { code: 'ECLOSE' });
    expect(requestError(closed, place)).toMatchObject({ code: 'SOURCE_CONNECTION', retryable: true });
    expect(requestError(serverError(596, 'killed', 21), place).code).toBe('SOURCE_CONNECTION');
    expect(requestError(serverError(12345, 'boom', 20), place).code).toBe('SOURCE_CONNECTION');
  });
});
