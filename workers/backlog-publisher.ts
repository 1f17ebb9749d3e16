import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Connection } from '@temporalio/client';
import { Command, InvalidArgumentError } from 'commander';
import { loadTemporalEnvironment } from '../config/environment.js';
import { connectionOptions } from '../config/temporal-environment.js';
import { publishBacklog, readBacklog } from './backlog.js';

const answerWithinMs = 10_000;

/**
 * Tells CloudWatch how much work waits for activity workers, until SIGINT or SIGTERM; scaling follows it. Several may run:
 * they write the same numbers. One that cannot write says so, and tries again at the next turn.
 */
const { metricNamespace, every } = new Command('backlog-publisher')
  .requiredOption('--metric-namespace <name>', 'CloudWatch namespace that the metrics belong to')
  .option('--every <seconds>', 'between two looks', secondsOf, 60)
  .parse()
  .opts<{ metricNamespace: string; every: number }>();

function secondsOf(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Allowed: a whole number of seconds from 1 to 9999.');
}

async function publishUntil(signal: AbortSignal): Promise<void> {
  const temporal = loadTemporalEnvironment();
  const client = new CloudWatchClient();
  const connection = Connection.lazy(connectionOptions(temporal));
  while (!signal.aborted) {
    try {
      const backlog = await connection.withDeadline(Date.now() + answerWithinMs, () =>
        readBacklog(connection, temporal.namespace),
      );
      await publishBacklog(client, metricNamespace, backlog);
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      process.stderr.write(`The backlog was not published: ${reason}\n`);
    }
    await sleep(every * 1000, undefined, { signal }).catch(() => undefined);
  }
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
publishUntil(stopping.signal)
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  })
  // The channel is not closed before: a call that its client would repeat once more on a closed one ends the process.
  .finally(() => process.exit());
