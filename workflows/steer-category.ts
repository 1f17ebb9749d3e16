import { ApplicationFailure, getExternalWorkflowHandle, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.js';
import { controls, type StopMode, workflowIds } from './messages.js';
import { controlOptions } from './options.js';

const { outsideAllowedHours } = proxyActivities<Activities>(controlOptions);

export interface SteerCategoryInput {
  readonly category: string;
  /** How a run is paused when the hours end. */
  readonly mode: StopMode;
}

/** Who pauses and resumes by the clock: what operators paused stays paused when the hours begin. */
export const byHours = 'hours';

/**
 * Makes the category's run obey the allowed hours as they are at this moment. Schedules start it when the hours begin
 * and when they end; it asks again which of the two it is, as it may have waited for a worker, or have been caught up
 * with, for longer than that. Returns what it did; where nothing runs there is nothing to do.
 */
export async function steerCategory({ category, mode }: SteerCategoryInput): Promise<string> {
  const { outside } = await outsideAllowedHours({ category });
  const run = getExternalWorkflowHandle(workflowIds.category(category));
  try {
    if (outside) await run.signal(controls.pause.signal, { mode, by: byHours });
    else await run.signal(controls.resume.signal, { by: byHours });
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'ExternalWorkflowExecutionNotFound')
      throw error;
    return `${category} is not running: nothing to ${outside ? 'pause' : 'resume'}.`;
  }
  return `${category} was ${outside ? 'paused' : 'resumed'}.`;
}
