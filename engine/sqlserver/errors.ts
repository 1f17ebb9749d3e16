import { type ErrorCode, errorCodes, MigrationError } from '../errors.js';
import { type FaultFacts, faultFacts, SourceFault, says, wrappedMigrationError } from './fault.js';
import { type ServerErrorRule, serverErrorRules } from './server-errors.js';

/** Where an error happened, for its message. */
export interface SourcePlace {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** Codes of Node's TLS that mean that the server's certificate was not accepted. */
const certificateCodes: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
]);
const nameMismatch = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** The driver got no token from Microsoft Entra. */
const noToken = 'EFEDAUTH';
const noTokenAdvice =
  'check SOURCE_AUTH, SOURCE_TENANT_ID and SOURCE_CLIENT_ID, the secret of the service principal or the identity of ' +
  'this machine, and that the identity is a user of the database (CREATE USER … FROM EXTERNAL PROVIDER)';
/**
 * What Microsoft Entra says of a wrong secret, tenant or application, or of one that is disabled or not allowed in. All
 * else, its own failures and throttling included, comes from the library as the same error without a code.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const refusedByEntra =
  /AADSTS(7000215|7000222|7000216|700016|700027|7000112|7000229|90002|900023|500011|50034|50057|50105|65001|53003)\b/;

/** Codes of mssql that mean a mistake of the caller. */
const misuseCodes: ReadonlySet<string> = new Set(['EPARAM', 'EARGS', 'EINJECT', 'EREQINPROG', 'ENOTBEGUN']);

/**
 * The error of opening a session.
 * @param reported numbers of the errors that the server sent meanwhile; the driver keeps only a text of them
 */
export function connectError(
  error: unknown,
  place: SourcePlace,
  reported: readonly number[] = [],
): MigrationError {
  const own = wrappedMigrationError(error);
  if (own !== undefined) return own;
  const facts = faultFacts(error);
  const tls = tlsError(facts, place);
  if (tls !== undefined) return tls;
  const known = [...reported, ...(facts.number === undefined ? [] : [facts.number])];
  const named = tellingRule(known);
  if (named !== undefined) return fromRule(named.rule, { ...facts, number: named.number }, place);
  if (facts.codes.includes(noToken))
    return says(error, refusedByEntra)
      ? build('SOURCE_LOGIN', `Microsoft Entra gave no token: ${noTokenAdvice}`, facts, place)
      : build(
          'SOURCE_UNREACHABLE',
          `no token could be had from Microsoft Entra; it is tried again. If it persists, look whether this machine ` +
            `reaches Entra, and ${noTokenAdvice}`,
          facts,
          place,
        );
  if (facts.codes.includes('ELOGIN')) return refusedLogin({ ...facts, number: known[0] }, place);
  const reason = facts.codes.find((code) => code !== 'ESOCKET') ?? facts.codes[0] ?? 'unknown cause';
  return build(
    'SOURCE_UNREACHABLE',
    `no connection (${reason}). Check host:port in the server mappings, DNS, firewall and that SQL Server listens there`,
    facts,
    place,
  );
}

/**
 * The rule of the error that says most: one that may pass before one that does not (an availability group that
 * changes roles sends 983, then 4060), and 4060 before the 18456 that follows it.
 */
function tellingRule(
  numbers: readonly number[],
): { readonly number: number; readonly rule: ServerErrorRule } | undefined {
  const found = numbers.flatMap((number) => {
    const rule = serverErrorRules.get(number);
    return rule === undefined ? [] : [{ number, rule }];
  });
  return (
    found.find(({ rule }) => errorCodes[rule.code].retry) ??
    found.find(({ rule }) => rule.code === 'SOURCE_DATABASE') ??
    found[0]
  );
}

/** What a wrong password looks like is known; another refusal is more likely to pass than to be one. */
function refusedLogin(facts: FaultFacts, place: SourcePlace): MigrationError {
  const rule: ServerErrorRule =
    facts.number === undefined
      ? { code: 'SOURCE_LOGIN', advice: 'the login was refused: check SOURCE_SECRET' }
      : { code: 'SOURCE_UNREACHABLE', advice: 'the server takes no session now; it is tried again' };
  return fromRule(rule, facts, place);
}

/** The error of a statement on an open session. */
export function requestError(error: unknown, place: SourcePlace): MigrationError {
  const own = wrappedMigrationError(error);
  if (own !== undefined) return own;
  const facts = faultFacts(error);
  const rule = facts.number === undefined ? undefined : serverErrorRules.get(facts.number);
  if (rule !== undefined) return fromRule(rule, facts, place);
  if (facts.number !== undefined) {
    // 17 to 19 are a shortage of resources, from 20 on the session has ended; below, the statement is at fault.
    return (facts.severity ?? 0) >= 17
      ? build(
          'SOURCE_CONNECTION',
          `error ${facts.number} (severity ${facts.severity}) of the server itself; it is tried again`,
          facts,
          place,
        )
      : build(
          'SOURCE_QUERY',
          `error ${facts.number} (severity ${facts.severity ?? 0}). Its text is kept back, as it may quote data: ` +
            `see SELECT text FROM sys.messages WHERE message_id = ${facts.number}`,
          facts,
          place,
        );
  }
  if (facts.codes.includes('ETIMEOUT')) {
    return build('SOURCE_TIMEOUT', 'the server did not answer in time; it is tried again', facts, place);
  }
  const misuse = facts.codes.find((code) => misuseCodes.has(code));
  if (misuse !== undefined) return build('INTERNAL', `the driver was misused (${misuse})`, facts, place);
  return build(
    'SOURCE_CONNECTION',
    `the session was lost (${facts.codes.at(-1) ?? 'unknown cause'}); it is tried again`,
    facts,
    place,
  );
}

/** An error of the engine's own about a source: `server01 (host:1433), database DatabaseA: …`. */
export function sourceError(code: ErrorCode, place: SourcePlace, message: string): MigrationError {
  return new MigrationError(code, `${describePlace(place)}: ${message}.`);
}

function tlsError(facts: FaultFacts, place: SourcePlace): MigrationError | undefined {
  if (facts.codes.includes(nameMismatch)) {
    const message =
      `the server's certificate is for another name than ${place.host}. ` +
      'Use the name in the certificate as host in the server mappings, or renew the certificate with this name';
    return build('TLS_VERIFICATION', message, facts, place);
  }
  const code = facts.codes.find((item) => certificateCodes.has(item));
  if (code === undefined) return undefined;
  const message =
    `the server's certificate was not accepted (${code}). Set MSSQL_CA_FILE to a PEM file with the certificate ` +
    'authority that signed it (for a self-signed certificate: the certificate itself), or renew it if it has expired';
  return build('TLS_VERIFICATION', message, facts, place);
}

function fromRule(rule: ServerErrorRule, facts: FaultFacts, place: SourcePlace): MigrationError {
  const text = rule.showText && facts.text !== '' ? `${facts.text.replace(/[.\s]+$/, '')} - ` : '';
  return build(rule.code, `${text}${rule.advice} (error ${facts.number ?? 'unknown'})`, facts, place);
}

function build(code: ErrorCode, message: string, facts: FaultFacts, place: SourcePlace): MigrationError {
  const driverCode = facts.codes.find((item) => item !== 'ESOCKET' && item !== 'EREQUEST') ?? facts.codes[0];
  const cause = new SourceFault(facts.number, driverCode, facts.severity, facts.state);
  return new MigrationError(code, `${describePlace(place)}: ${message}.`, { cause });
}

function describePlace(place: SourcePlace): string {
  return `Source ${place.alias} (${place.host}:${place.port}), database ${place.database}`;
}
