import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import type { Environment } from '../config/environment.js';
import { connectionOptions } from '../config/temporal-environment.js';
import { MigrationError } from '../engine/errors.js';

const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
type LogLevel = (typeof logLevels)[number];

/** Connects to Temporal. Throws MigrationError CONFIG_INVALID when nothing answers at TEMPORAL_ADDRESS. */
export async function connect({ temporal }: Environment): Promise<NativeConnection> {
  const level = logLevel(process.env.LOG_LEVEL);
  Runtime.install({
    logger: new DefaultLogger(level),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
    // Signals are handled by the entry point, which says what it is waiting for.
    shutdownSignals: [],
  });
  try {
    return await NativeConnection.connect(connectionOptions(temporal));
  } catch (cause) {
    throw new MigrationError(
      'CONFIG_INVALID',
      `No Temporal server answers at TEMPORAL_ADDRESS ${temporal.address}: start one (npm run sandbox) or set the address.`,
      { cause },
    );
  }
}

function logLevel(value = 'INFO'): LogLevel {
  const level = logLevels.find((candidate) => candidate === value.toUpperCase());
  if (level !== undefined) return level;
  throw new MigrationError('CONFIG_INVALID', `LOG_LEVEL is '${value}'; allowed: ${logLevels.join(', ')}.`);
}
