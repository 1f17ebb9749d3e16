import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { MigrationError } from '../engine/errors.js';

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
const formats = ['text', 'json'] as const;

/**
 * The worker's log on standard error: LOG_LEVEL is its threshold, LOG_FORMAT `text` (for people) or `json` (one object a
 * line, which log services can search).
 * @throws MigrationError CONFIG_INVALID naming the variable and what is allowed
 */
export function createLogger(environment: NodeJS.ProcessEnv): DefaultLogger {
  const level = oneOf('LOG_LEVEL', environment.LOG_LEVEL?.toUpperCase() || 'INFO', levels);
  const format = oneOf('LOG_FORMAT', environment.LOG_FORMAT || 'text', formats);
  if (format === 'text') return new DefaultLogger(level);
  return new DefaultLogger(level, (entry) => {
    process.stderr.write(`${jsonLine(entry)}\n`);
  });
}

/** `time`, `level` and `message`, then the entry's own attributes; never more than one line. */
export function jsonLine({ timestampNanos, level, message, meta }: LogEntry): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  return JSON.stringify({ ...meta, time, level, message }, readable);
}

/** JSON has no bigint, and an Error would be an empty object. Causes stay behind, as drivers put values into them. */
function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { type } = value as { readonly type?: unknown };
  return { name: value.name, message: value.message, ...(typeof type === 'string' && { type }) };
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new MigrationError('CONFIG_INVALID', `${name} is '${value}'; allowed: ${allowed.join(', ')}.`);
}
