import { DatabaseError } from 'pg';
import { MigrationError } from '../../../engine/errors';
import { toTargetError } from '../../../engine/postgres/errors';

const context = { address: 'db:5432/warehouse', user: 'migration' };
const map = (error: unknown) => toTargetError(error, context) as MigrationError;

function fromServer(
  code: string,
  fields: Partial<DatabaseError> = {},
  message = 'said the server',
): DatabaseError {
  return Object.assign(new DatabaseError(message, 0, 'error'), { code, ...fields });
}

function fromSocket(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

describe('errors of the target', () => {
  test.each([
    ['28P01', 'TARGET_LOGIN', false],
    ['28000', 'TARGET_LOGIN', false],
    ['3D000', 'TARGET_LOGIN', false],
    ['42501', 'TARGET_PERMISSION', false],
    ['25006', 'TARGET_READ_ONLY', true],
    ['57P01', 'TARGET_CONNECTION', true],
    ['57P02', 'TARGET_CONNECTION', true],
    ['57P04', 'TARGET_CONNECTION', true],
    ['57P05', 'TARGET_CONNECTION', true],
    ['25P03', 'TARGET_CONNECTION', true],
    ['08000', 'TARGET_CONNECTION', true],
    ['08006', 'TARGET_CONNECTION', true],
    ['57P03', 'TARGET_UNREACHABLE', true],
    ['53100', 'DISK_FULL', true],
    ['53000', 'TARGET_BUSY', true],
    ['53200', 'TARGET_BUSY', true],
    ['53300', 'TARGET_BUSY', true],
    ['53400', 'TARGET_BUSY', true],
    ['40001', 'TARGET_BUSY', true],
    ['40P01', 'TARGET_BUSY', true],
    ['55P03', 'TARGET_BUSY', true],
    ['55006', 'TARGET_BUSY', true],
    ['57014', 'TARGET_BUSY', true],
    ['54000', 'TARGET_SHAPE', false],
    ['2BP01', 'TARGET_DEPENDENTS', false],
    ['42601', 'TARGET_QUERY', false],
    ['22P02', 'TARGET_QUERY', false],
    ['23502', 'TARGET_CONSTRAINT', false],
    ['23503', 'TARGET_CONSTRAINT', false],
    ['23505', 'TARGET_CONSTRAINT', false],
    ['23514', 'TARGET_CONSTRAINT', false],
    ['MGINC', 'STAGE_INCOMPLETE', false],
    ['MGKEY', 'TARGET_KEY_COLLISION', false],
    ['MGDEP', 'TARGET_DEPENDENTS', false],
    ['MGSHP', 'TARGET_SHAPE', false],
    ['MGSUM', 'CHECKSUM_TARGET', false],
  ])('SQLSTATE %s is %s', (state, code, retryable) => {
    expect(map(fromServer(state))).toMatchObject({ code, retryable });
  });

  test.each(['25006', '53300', '57P01', '57P03', '40P01', '53100', '42501', '28P01'])(
    'SQLSTATE %s is told with what follows or what to do',
    (state) => {
      expect(map(fromServer(state)).message).toMatch(/tried again|Give|See|Check/);
    },
  );

  test.each([
    ['ECONNREFUSED', 'TARGET_UNREACHABLE'],
    ['ENOTFOUND', 'TARGET_UNREACHABLE'],
    ['ECONNRESET', 'TARGET_CONNECTION'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TLS_VERIFICATION'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_VERIFICATION'],
    ['CERT_HAS_EXPIRED', 'TLS_VERIFICATION'],
  ])('socket error %s is %s', (socket, code) => {
    expect(map(fromSocket(socket))).toMatchObject({ code });
  });

  test.each([
    ['Connection terminated unexpectedly', 'TARGET_CONNECTION'],
    ['Connection terminated due to connection timeout', 'TARGET_UNREACHABLE'],
    ['timeout exceeded when trying to connect', 'TARGET_UNREACHABLE'],
    ['The server does not support SSL connections', 'TLS_VERIFICATION'],
  ])('the driver’s "%s" is %s', (message, code) => {
    expect(map(new Error(message))).toMatchObject({ code });
  });

  test('what is not the target’s passes through unchanged', () => {
    const bug = new TypeError('x is not a function');
    const known = new MigrationError('JOIN_FANOUT', 'm');
    expect(toTargetError(bug, context)).toBe(bug);
    expect(toTargetError(known, context)).toBe(known);
  });

  test.each(['22001', '22003', '22P02', '23502', '23505', '23514'])(
    'SQLSTATE %s in a COPY tells column and row, and nothing of the row in message, cause or stack',
    (state) => {
      const secret = 'Zaphod-4711';
      const error = map(
        fromServer(
          state,
          {
            detail: `Failing row contains (${secret}).`,
            where: `COPY stage, line 12, column note: "${secret}"`,
            internalQuery: `SELECT '${secret}'`,
          },
          `invalid input syntax: "${secret}"`,
        ),
      );
      expect(error).toMatchObject({
        code: 'VALUE_UNREPRESENTABLE',
        message: expect.stringMatching(/column note, row 11 of the chunk/),
      });
      const cause = error.cause as Error;
      expect(
        [error.message, error.stack, cause.message, cause.stack, JSON.stringify(cause)].join(),
      ).not.toContain(secret);
    },
  );
});
