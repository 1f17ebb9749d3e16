import { makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import type { Environment } from '../config/environment.js';
import { connectionOptions, howToReach } from '../config/temporal-environment.js';
import { MigrationError } from '../engine/errors.js';
import { createLogger } from './logger.js';

/** Connects to Temporal. Throws MigrationError CONFIG_INVALID when nothing answers at TEMPORAL_ADDRESS. */
export async function connect({ temporal }: Environment): Promise<NativeConnection> {
  Runtime.install({
    logger: createLogger(process.env),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
    // Signals are handled by the entry point, which says what it is waiting for.
    shutdownSignals: [],
  });
  try {
    return await NativeConnection.connect(connectionOptions(temporal));
  } catch (cause) {
    throw new MigrationError(
      'CONFIG_INVALID',
      `No Temporal server answers at ${temporal.address}: ${howToReach(temporal)}`,
      { cause },
    );
  }
}
