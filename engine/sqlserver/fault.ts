import { MigrationError } from '../errors.js';

/** What is safe to keep of a driver's error: codes, never its text, which may quote values of rows. */
export class SourceFault extends Error {
  constructor(
    /** Error number of SQL Server (sys.messages). */
    readonly number: number | undefined,
    /** Code of the driver or of Node (`ESOCKET`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`). */
    readonly driverCode: string | undefined,
    severity?: number,
    state?: number,
  ) {
    const server = number === undefined ? [] : [`SQL Server error ${number}`];
    const level = severity === undefined ? [] : [`severity ${severity}`, `state ${state ?? 0}`];
    const driver = driverCode === undefined || number !== undefined ? [] : [`driver error ${driverCode}`];
    super([...server, ...level, ...driver].join(', ') || 'unknown driver error');
    this.name = 'SourceFault';
  }
}

/** Everything that a chain of driver errors says, outermost first. */
export interface FaultFacts {
  readonly number: number | undefined;
  readonly severity: number | undefined;
  readonly state: number | undefined;
  readonly codes: readonly string[];
  readonly text: string;
}

/**
 * Collects codes and numbers along `originalError`, `cause` and `errors`, as mssql wraps tedious, tedious wraps
 * Node, and several server errors come as one AggregateError.
 */
export function faultFacts(error: unknown): FaultFacts {
  const chain = unwrap(error, new Set());
  const codes = chain.map((item) => item.code).filter((code) => typeof code === 'string');
  const server = chain.find((item) => typeof item.number === 'number');
  return {
    number: server?.number as number | undefined,
    severity: asNumber(server?.class),
    state: asNumber(server?.state),
    codes,
    text: typeof server?.message === 'string' ? server.message : '',
  };
}

/** An error of the engine's own that a driver callback threw and the driver wrapped. */
export function wrappedMigrationError(error: unknown): MigrationError | undefined {
  return unwrap(error, new Set()).find((item) => item instanceof MigrationError);
}

/** Whether a text somewhere in a chain of driver errors matches. */
export function says(error: unknown, pattern: RegExp): boolean {
  return unwrap(error, new Set()).some(({ message }) => typeof message === 'string' && pattern.test(message));
}

/** SQL Server's error number behind a MigrationError of this room, where there is one. */
export function serverErrorNumber(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof SourceFault ? cause.number : undefined;
}

/** What of a driver's error is looked at; nothing about it is promised. */
interface DriverError {
  readonly code?: unknown;
  readonly number?: unknown;
  readonly class?: unknown;
  readonly state?: unknown;
  readonly message?: unknown;
  readonly originalError?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function unwrap(error: unknown, seen: Set<unknown>): readonly DriverError[] {
  if (typeof error !== 'object' || error === null || seen.has(error)) return [];
  seen.add(error);
  const item = error as DriverError;
  const inner = [item.originalError, item.cause, ...(Array.isArray(item.errors) ? item.errors : [])];
  return [item, ...inner.flatMap((next) => unwrap(next, seen))];
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
