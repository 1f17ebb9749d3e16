import { types } from 'node:util';
import { DatabaseError } from 'pg';
import { type ErrorCode, MigrationError } from '../errors.js';

export interface TargetContext {
  /** `host:port/database`. */
  readonly address: string;
  readonly user: string;
  /** What to check where the login is refused; the advice for a password where it is left out. */
  readonly loginAdvice?: string;
}

interface Rule {
  readonly state: RegExp;
  readonly code: ErrorCode;
  readonly advice: string;
}

/** SQLSTATE -> code, first match. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const rules: readonly Rule[] = [
  {
    state: /^28/,
    code: 'TARGET_LOGIN',
    advice:
      'Check RDS_USER, its password (RDS_PASSWORD, RDS_PASSWORD_FILE or RDS_SECRET_ID) and pg_hba.conf.',
  },
  { state: /^3D000$/, code: 'TARGET_LOGIN', advice: 'Check RDS_DATABASE, or create the database.' },
  { state: /^42501$/, code: 'TARGET_PERMISSION', advice: 'See docs/target-permissions.md for the grants.' },
  {
    state: /^25006$/,
    code: 'TARGET_READ_ONLY',
    advice:
      'The server takes no writes now; it is tried again. If it persists, RDS_ENDPOINT must be the writer.',
  },
  {
    state: /^57P03$/,
    code: 'TARGET_UNREACHABLE',
    advice: 'The server is starting or stopping; it is tried again.',
  },
  {
    state: /^(57P0[1245]|08|25P03)/,
    code: 'TARGET_CONNECTION',
    advice: 'The connection was lost; it is tried again.',
  },
  { state: /^53100$/, code: 'DISK_FULL', advice: 'Give the target more storage.' },
  {
    state: /^53/,
    code: 'TARGET_BUSY',
    advice:
      'The server is short of connections or memory; it is tried again. Lower "concurrency" if it persists.',
  },
  {
    state: /^(40|55P03|55006|57014)/,
    code: 'TARGET_BUSY',
    advice: 'It is tried again; if it persists, look for locks and load.',
  },
  { state: /^54000$/, code: 'TARGET_SHAPE', advice: 'A limit of PostgreSQL was reached.' },
  { state: /^2BP01$/, code: 'TARGET_DEPENDENTS', advice: 'Drop what depends on it, or move it.' },
  { state: /^MGKEY$/, code: 'TARGET_KEY_COLLISION', advice: '' },
  { state: /^MGDEP$/, code: 'TARGET_DEPENDENTS', advice: '' },
  { state: /^MGSHP$/, code: 'TARGET_SHAPE', advice: '' },
  { state: /^MGINC$/, code: 'STAGE_INCOMPLETE', advice: '' },
  { state: /^MGSUM$/, code: 'CHECKSUM_TARGET', advice: '' },
];

/** Texts of data errors: PostgreSQL's own quote the value, so these take their place. */
const dataErrors: Readonly<Record<string, string>> = {
  '22001': 'a text is longer than its column',
  '22003': 'a number is outside of its column’s range or precision',
  '22007': 'a value is no valid date or time',
  '22008': 'a date or time is outside of PostgreSQL’s range',
  '22021': 'a text is not valid in the database’s encoding',
  '22P02': 'a value is not valid for its column’s type',
  '22P04': 'a line does not have the columns of the stage table',
  '23502': 'a column that is NOT NULL was given NULL',
  '23503': 'a foreign key would be violated',
  '23505': 'a unique key would be violated',
  '23514': 'a check constraint or partition bound would be violated',
};

/** What a data error is about, in a clause that quotes no value. */
export function dataErrorText(state: string): string {
  return dataErrors[state] ?? 'a value was refused';
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** The driver's and the pool's words for a connection that did not come about in time. */
const connectTimeout = /timeout expired|timeout exceeded when trying to connect|due to connection timeout/;
const lost = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * The one map of PostgreSQL's, the driver's and the socket's errors. MigrationErrors pass through, and so do
 * errors that are none of the target's (a programming error must stay recognizable). Neither message nor cause
 * holds `detail`, `where` or a data error's own text: those quote rows.
 */
export function toTargetError(error: unknown, context: TargetContext): unknown {
  // By its kind, not its class: a test runner's errors come from another realm than the socket's.
  if (error instanceof MigrationError || !types.isNativeError(error)) return error;
  if (error instanceof DatabaseError) return fromServer(error, context);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const at = `PostgreSQL at ${context.address}`;
  if (isTls(code, error.message))
    return new MigrationError(
      'TLS_VERIFICATION',
      `${at}: the connection could not be secured (${error.message}). ` +
        'Set RDS_CA_FILE to the authority’s PEM file and use the host name of the certificate.',
      { cause: error },
    );
  if (unreachable.has(code) || connectTimeout.test(error.message))
    return new MigrationError(
      'TARGET_UNREACHABLE',
      `${at} cannot be reached (${code || 'timeout'}). Check RDS_ENDPOINT and the network.`,
      { cause: error },
    );
  if (
    lost.has(code) ||
    /connection terminated|client has encountered a connection error|not queryable/i.test(error.message)
  )
    return new MigrationError('TARGET_CONNECTION', `${at}: the connection was lost.`, { cause: error });
  if (/password must be a string|SASL/.test(error.message))
    return new MigrationError(
      'TARGET_LOGIN',
      `${at} refused user '${context.user}'. Check RDS_USER and its password.`,
    );
  return error;
}

function fromServer(error: DatabaseError, { address, user, loginAdvice }: TargetContext): MigrationError {
  const state = error.code ?? 'XX000';
  const cause = new TargetFault(state, error.routine);
  if (/^2[23]/.test(state)) return dataError(error, state, address, cause);
  const rule = rules.find((candidate) => candidate.state.test(state));
  if (rule?.code === 'TARGET_LOGIN')
    return new MigrationError(
      rule.code,
      `PostgreSQL at ${address} refused user '${user}' (${state}). ${(state.startsWith('28') && loginAdvice) || rule.advice}`,
      { cause },
    );
  if (state.startsWith('MG'))
    return new MigrationError(rule?.code ?? 'TARGET_QUERY', error.message, { cause });
  return new MigrationError(
    rule?.code ?? 'TARGET_QUERY',
    `PostgreSQL at ${address}: ${error.message} (${state}). ${rule?.advice ?? 'Look at the server’s log.'}`,
    { cause },
  );
}

function dataError(error: DatabaseError, state: string, address: string, cause: Error): MigrationError {
  // `COPY stage, line 12, column c: "value"`: line and column are ours to tell, the rest is a row.
  const copy = /^COPY .*?, line (\d+)(?:, column (.+?)(?::|$))?/m.exec(error.where ?? '');
  const column = error.column ?? copy?.[2];
  const place = [
    error.table && `table ${error.table}`,
    column && `column ${column}`,
    copy?.[1] && `row ${Number(copy[1]) - 1} of the chunk`,
    error.constraint && `constraint ${error.constraint}`,
  ].filter(Boolean);
  return new MigrationError(
    copy ? 'VALUE_UNREPRESENTABLE' : state.startsWith('23') ? 'TARGET_CONSTRAINT' : 'TARGET_QUERY',
    `PostgreSQL at ${address}: ${dataErrorText(state)} (${state})` +
      `${place.length > 0 ? `: ${place.join(', ')}` : ''}. Repair the value at the source, in the transform, or widen the column.`,
    { cause },
  );
}

/** What is safe to keep of a server's error: its SQLSTATE and where it arose, never its text. */
class TargetFault extends Error {
  constructor(
    readonly state: string,
    routine: string | undefined,
  ) {
    super(`SQLSTATE ${state}${routine ? ` in ${routine}` : ''}`);
    this.name = 'PostgresError';
  }
}

/** PostgreSQL's SQLSTATE behind a MigrationError of this room, where there is one. */
export function sqlState(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof TargetFault ? cause.state : undefined;
}

function isTls(code: string, message: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code) ||
    message.includes('does not support SSL')
  );
}
