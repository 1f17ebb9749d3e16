import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { logLines } from '../../../activities/log-lines.js';
import { backlogMetric } from './scaling.js';

interface AlarmOptions {
  readonly logGroup: ILogGroup;
  readonly key: IKey;
  readonly metricNamespace: string;
  readonly email: string | undefined;
}

/** Lines of the worker's log that count; each becomes a metric and an alarm. */
const counted = {
  ChunksParked: {
    message: logLines.chunkParked,
    threshold: 1,
    minutes: 5,
    says: 'Chunks wait for somebody: migrate chunks <category> --parked tells causes, migrate retry goes on.',
  },
  RunsFailed: {
    message: logLines.runFailed,
    threshold: 1,
    minutes: 5,
    says: 'A run has failed: migrate report <category> tells why. A start goes on from there.',
  },
  AttemptsFailed: {
    message: logLines.attemptFailed,
    threshold: 20,
    minutes: 15,
    says: 'Steps fail again and again and are tried once more; what they say is in the log.',
  },
} as const;

/** Alarms on what the workers' log says, and on workers that are gone; told to one topic. */
export function createAlarms(scope: Construct, options: AlarmOptions): void {
  const { logGroup, key, metricNamespace, email } = options;
  const topic = new Topic(scope, 'Topic', {
    displayName: 'Migration',
    masterKey: key,
    enforceSSL: true,
  });
  if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
  const tell = (id: string, alarmDescription: string, metric: Metric, props: Threshold): void => {
    const alarm = new Alarm(scope, id, { alarmDescription, metric, ...props });
    alarm.addAlarmAction(new SnsAction(topic));
  };
  for (const [metricName, { message, threshold, minutes, says }] of Object.entries(counted)) {
    const filter = new MetricFilter(scope, `${metricName}Filter`, {
      logGroup,
      filterPattern: FilterPattern.stringValue('$.message', '=', message),
      metricNamespace,
      metricName,
    });
    const metric = filter.metric({ statistic: 'Sum', period: Duration.minutes(minutes) });
    tell(metricName, says, metric, {
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
  tell(
    'NoWorkers',
    'No activity worker asks Temporal for work, or nobody says so: see the services of the cluster and their logs.',
    backlogMetric(metricNamespace, 'Workers'),
    {
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 10,
      treatMissingData: TreatMissingData.BREACHING,
    },
  );
}

interface Threshold {
  readonly threshold: number;
  readonly comparisonOperator: ComparisonOperator;
  readonly evaluationPeriods: number;
  readonly treatMissingData: TreatMissingData;
}
