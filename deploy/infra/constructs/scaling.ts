import { Duration } from 'aws-cdk-lib';
import { AdjustmentType, StepScalingAction } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { ApplicationScalingAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { backlogMetrics } from '../../../workers/backlog.js';

/** Steps that may wait for each worker before there are more workers; one process runs eight at once. */
const bearableBacklog = 4;
const idleMinutes = 15;

/** A metric of `workers/backlog-publisher.ts`, each minute. */
export function backlogMetric(namespace: string, metricName: (typeof backlogMetrics)[number]): Metric {
  return new Metric({ namespace, metricName, statistic: 'Average', period: Duration.minutes(1) });
}

/**
 * More workers while steps wait for them; back to the least only when no run is at work. To take a worker away in the
 * middle of a run would have its steps done again, and the backlog, which is empty while all are busy, cannot tell.
 */
export function scaleByBacklog(
  scope: Construct,
  service: FargateService,
  { least, most }: { readonly least: number; readonly most: number },
  metricNamespace: string,
): void {
  const capacity = service.autoScaleTaskCount({ minCapacity: least, maxCapacity: most });
  capacity.scaleToTrackCustomMetric('Backlog', {
    metric: backlogMetric(metricNamespace, 'BacklogPerWorker'),
    targetValue: bearableBacklog,
    disableScaleIn: true,
    // A task takes a minute to start, and as long until it is counted.
    scaleOutCooldown: Duration.minutes(3),
  });
  const toTheLeast = new StepScalingAction(scope, 'ToTheLeast', {
    scalingTarget: capacity,
    adjustmentType: AdjustmentType.EXACT_CAPACITY,
  });
  toTheLeast.addAdjustment({ upperBound: 0, adjustment: least });
  new Alarm(scope, 'Idle', {
    alarmDescription: `No run has been at work for ${idleMinutes} minutes: scales activity workers to ${least}.`,
    metric: backlogMetric(metricNamespace, 'RunsActive'),
    threshold: 0,
    comparisonOperator: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: idleMinutes,
    treatMissingData: TreatMissingData.IGNORE,
  }).addAlarmAction(new ApplicationScalingAction(toTheLeast));
}
