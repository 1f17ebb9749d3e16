import {
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/contract.js';
import {
  type GateTerms,
  joinGateSignal,
  type LeaseReport,
  leaseReportSignal,
  workflowIds,
} from '../messages.js';
import { controlOptions, taskQueue } from '../options.js';

const control = proxyActivities<Activities>(controlOptions);

/** Starts a server's gate where it does not run, and tells it on what terms a category reads the server. */
export function joinGate(endpoint: string, terms: GateTerms): Promise<void> {
  return control.signalWithStart({
    taskQueue,
    workflowType: 'serverGate',
    workflowId: workflowIds.gate(endpoint),
    args: [{ endpoint }],
    signal: joinGateSignal.name,
    signalArgs: [terms],
  });
}

/** Tells a gate what a lessee needs. */
export async function reportToGate(endpoint: string, terms: GateTerms, report: LeaseReport): Promise<void> {
  // Where a gate is gone there is nobody to give anything back to.
  await signalGate(endpoint, report.wanted === 0 ? undefined : terms, leaseReportSignal, report);
}

/** Signals a gate; one that somebody has terminated is started again, where `terms` say on which. */
export async function signalGate<T>(
  endpoint: string,
  terms: GateTerms | undefined,
  signal: SignalDefinition<[T]>,
  payload: T,
): Promise<void> {
  const gate = getExternalWorkflowHandle(workflowIds.gate(endpoint));
  try {
    await gate.signal<[T]>(signal, payload);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.info('the gate does not run', { endpoint });
    if (terms === undefined) return;
    await joinGate(endpoint, terms);
    await gate.signal<[T]>(signal, payload);
  }
}
