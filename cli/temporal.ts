import { Client, Connection } from '@temporalio/client';
import type { Environment } from '../config/environment.js';
import { connectionOptions, howToReach } from '../config/temporal-environment.js';
import { CliError } from './cli-error.js';

/** A server that is there answers at once; the rest is for slow networks. */
const connectTimeout = 5_000;
/** For a message or a query: a worker that runs takes far less. */
export const answerWithinMs = 10_000;

/** Connects to Temporal. Throws CliError `unreachable` where nothing answers. */
export async function connectTemporal(temporal: Environment['temporal']): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...connectionOptions(temporal), connectTimeout });
    return new Client({ connection, namespace: temporal.namespace });
  } catch (cause) {
    throw new CliError(
      'unreachable',
      `No Temporal server answers at ${temporal.address}: ${howToReach(temporal)}`,
      { cause },
    );
  }
}
