import { NativeConnection, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import type { Environment } from '../config/environment.js';
import { MigrationError } from '../engine/errors.js';

const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
type LogLevel = (typeof logLevels)[number];

/** Connects to Temporal; throws MigrationError CONFIG_INVALID when nothing answers at TEMPORAL_ADDRESS. */
export async function connect(environment: Environment): Promise<NativeConnection> {
  Runtime.install({
    logger: undefined,
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
  });
  const { address } = environment.temporal;
  try {
    return await NativeConnection.connect({ address });
  } catch (cause) {
    throw new MigrationError(
      'CONFIG_INVALID',
      `No Temporal server answers at TEMPORAL_ADDRESS ${address}: start one (npm run sandbox) or set the address.`,
      { cause },
    );
  }
}

export function logLevel(value: string | undefined): LogLevel {
  const level = logLevels.find((candidate) => candidate === (value ?? 'INFO').toUpperCase());
  if (level === undefined)
    throw new MigrationError('CONFIG_INVALID', `LOG_LEVEL is '${value}'; allowed: ${logLevels.join(', ')}.`);
  return level;
}
