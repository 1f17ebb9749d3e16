import {
  type CalendarSpec,
  ScheduleAlreadyRunning,
  type ScheduleClient,
  ScheduleNotFoundError,
  type ScheduleOptions,
} from '@temporalio/client';
import { hoursSchedules } from '../../activities/allowed-hours.js';
import type { Environment } from '../../config/environment.js';
import type { StopMode } from '../../workflows/messages.js';
import { taskQueue } from '../../workflows/options.js';
import type { SteerCategoryInput } from '../../workflows/steer-category.js';
import { temporalCommand } from '../explain.js';
import type { WeeklyTime } from './weekly-hours.js';

export interface HoursRequest {
  readonly category: string;
  readonly open: readonly WeeklyTime[];
  readonly close: readonly WeeklyTime[];
  readonly timezone: string;
  readonly mode: StopMode;
  /** The hours as they were given, for those who look at the schedules. */
  readonly note: string;
}

/**
 * One at a time is enough, since whichever runs obeys the hours as they are by then; and after an outage of whatever
 * length up to a week the latest change is made up for.
 */
const policies = { overlap: 'SKIP', catchupWindow: '8 days', pauseOnFailure: false } as const;
const workflowType = 'steerCategory';

/** Makes both schedules what is asked for. The end of the hours comes first: half done must not mean unlimited. */
export async function putSchedules(client: ScheduleClient, request: HoursRequest): Promise<void> {
  for (const edge of ['close', 'open'] as const) await put(client, optionsOf(request, edge));
}

/** False where there was none. */
export async function removeSchedules(client: ScheduleClient, category: string): Promise<boolean> {
  const { open, close } = hoursSchedules(category);
  const removed = await Promise.all([remove(client, open), remove(client, close)]);
  return removed.includes(true);
}

/** Both schedules as `temporal` creates them. */
export function createCommands(temporal: Environment['temporal'], request: HoursRequest): readonly string[] {
  const ids = hoursSchedules(request.category);
  const create = (edge: 'open' | 'close'): string =>
    temporalCommand(
      temporal,
      ['schedule', 'create'],
      [
        ['--schedule-id', ids[edge]],
        ...request[edge].map((time) => ['--calendar', JSON.stringify(cliCalendar(time))]),
        ['--time-zone', request.timezone],
        ['--overlap-policy', 'Skip'],
        ['--catchup-window', '192h'],
        ['--notes', request.note],
        ['--type', workflowType],
        ['--task-queue', taskQueue],
        ['--workflow-id', ids[edge]],
        ['--input', JSON.stringify(inputOf(request))],
      ],
    );
  return ['# Where they exist already: schedule update instead of create.', create('close'), create('open')];
}

/** Both schedules by some verb of `temporal schedule`. */
export function scheduleCommands(
  temporal: Environment['temporal'],
  verb: 'describe' | 'delete',
  category: string,
): readonly string[] {
  const { open, close } = hoursSchedules(category);
  return [open, close].map((id) => temporalCommand(temporal, ['schedule', verb], [['--schedule-id', id]]));
}

function optionsOf(request: HoursRequest, edge: 'open' | 'close'): ScheduleOptions {
  const { category, timezone, note } = request;
  const scheduleId = hoursSchedules(category)[edge];
  return {
    scheduleId,
    spec: { calendars: request[edge].map(calendar), timezone },
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: scheduleId,
      taskQueue,
      args: [inputOf(request)],
      staticSummary: `Keeps ${category} to its allowed hours`,
    },
    policies,
    state: { note },
  };
}

function inputOf({ category, mode }: HoursRequest): SteerCategoryInput {
  return { category, mode };
}

async function put(client: ScheduleClient, options: ScheduleOptions): Promise<void> {
  try {
    await client.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { scheduleId, ...changed } = options;
    await client
      .getHandle(scheduleId)
      .update(() => ({ ...changed, state: { ...changed.state, paused: false } }));
  }
}

async function remove(client: ScheduleClient, id: string): Promise<boolean> {
  try {
    await client.getHandle(id).delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

const longDays = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;

function calendar({ days, hour, minute }: WeeklyTime): CalendarSpec {
  return { dayOfWeek: days.map((day) => longDays[day] ?? 'MONDAY'), hour, minute };
}

function cliCalendar({ days, hour, minute }: WeeklyTime): Readonly<Record<string, string>> {
  const names = days.map((day) => (longDays[day] ?? 'MONDAY').slice(0, 3));
  return { dayOfWeek: names.join(','), hour: String(hour), minute: String(minute) };
}
