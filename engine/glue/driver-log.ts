import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { JobRun } from './glue-api.js';
import { harmlessLines } from './harmless-lines.js';

/** Gives the last lines of a run's driver log that may be told, and where the whole is; never throws. */
export type ReadDriverLog = (run: JobRun) => Promise<string>;

const lastEvents = 200;
const toldLines = 12;

/** Driver logs in CloudWatch, by the ordinary AWS environment: the stream has the run's id. */
export function createDriverLog(endpoint?: string): ReadDriverLog {
  const client = new CloudWatchLogsClient(endpoint === undefined ? {} : { endpoint });
  return async ({ id, logGroup }) => {
    const base = logGroup.replace(/\/$/, '');
    const found: string[] = [];
    for (const kind of ['error', 'output']) {
      const group = `${base}/${kind}`;
      try {
        const { events = [] } = await client.send(
          new GetLogEventsCommand({
            logGroupName: group,
            logStreamName: id,
            limit: lastEvents,
            startFromHead: false,
          }),
        );
        const text = events.map(({ message }) => message ?? '').join('\n');
        const lines = harmlessLines(text).slice(-toldLines);
        if (lines.length > 0) found.push(`${group}, stream ${id}, ends with: ${lines.join(' | ')}`);
      } catch (error) {
        const reason = error instanceof Error ? error.name : 'no answer';
        // A run that never got a machine has no stream.
        if (reason !== 'ResourceNotFoundException')
          found.push(`${group} cannot be read (logs:GetLogEvents: ${reason})`);
      }
    }
    if (found.length > 0) return `${found.join('; ')}.`;
    return `Its log, ${base}/error and /output, stream ${id}, says nothing that may be repeated here.`;
  };
}
