import { log } from '@temporalio/activity';
import type { RunConfig } from '../config/run-config.js';

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const satisfies readonly RunConfig['logLevel'][];

/**
 * Writes to the worker's log what the category's `log_level` lets through (LOG_LEVEL is the whole worker's own
 * threshold). Attributes are names and counters, never values of rows.
 */
export function logRun(
  { logLevel }: Pick<RunConfig, 'logLevel'>,
  level: RunConfig['logLevel'],
  message: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
): void {
  if (levels.indexOf(level) < levels.indexOf(logLevel)) return;
  const write = { DEBUG: log.debug, INFO: log.info, WARN: log.warn, ERROR: log.error }[level];
  write.call(log, message, attributes);
}
