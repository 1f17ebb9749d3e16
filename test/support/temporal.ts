import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { ensureTemporalCli } from '../../sandbox/services/temporal-cli.js';
import { controlTaskQueue, taskQueue } from '../../workflows/options.js';
import { searchAttributes } from '../../workflows/search-attributes.js';

/** A dev server of the test's own, from the project's CLI and so without a download of the SDK's. */
export async function startTestTemporal(): Promise<TestWorkflowEnvironment> {
  quiet();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await ensureTemporalCli() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
}

let silenced = false;
/** Failures on purpose would fill the output; LOG_LEVEL=INFO shows them. */
function quiet(): void {
  if (silenced) return;
  silenced = true;
  const level = process.env.LOG_LEVEL === 'INFO' ? 'INFO' : 'ERROR';
  Runtime.install({
    logger: new DefaultLogger(level),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The workflow code as workers load it, bundled once per test process. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows/index'),
    logger: new DefaultLogger('WARN'),
  });
  return bundle;
}

/** Runs `work` with a worker for workflows and the given activities. */
export async function withWorker<T>(
  environment: TestWorkflowEnvironment,
  activities: object,
  work: () => Promise<T>,
): Promise<T> {
  const shared = {
    connection: environment.nativeConnection,
    activities,
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  } as const;
  const steps = await Worker.create({ ...shared, taskQueue, workflowBundle: await workflowBundle() });
  const control = await Worker.create({ ...shared, taskQueue: controlTaskQueue });
  return steps.runUntil(() => control.runUntil(work));
}

/** The failure type and message at the end of a failed workflow's chain of causes. */
export async function failureOf(
  handle: WorkflowHandle,
): Promise<{ readonly type: string; readonly message: string }> {
  try {
    await handle.result();
  } catch (error) {
    let cause = error as Error & { type?: string };
    while (cause.cause instanceof Error) cause = cause.cause as Error & { type?: string };
    return { type: cause.type ?? cause.name, message: cause.message };
  }
  throw new Error('The workflow did not fail.');
}
