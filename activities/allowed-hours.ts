import { getClient } from '@temporalio/activity';
import { type ScheduleClient, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import type { Activities, AllowedHours } from './contract.js';

/** The two schedules that keep a category to its hours: when they begin, and when they end. */
export function hoursSchedules(category: string): { readonly open: string; readonly close: string } {
  return { open: `migrate-hours/${category}/open`, close: `migrate-hours/${category}/close` };
}

/** Whether a category must not run at this moment, and how it is paused then. Outside of nothing without schedules. */
export function outsideAllowedHours(): Activities['outsideAllowedHours'] {
  return async ({ category }) => {
    const hours = await readHours(getClient().schedule, category);
    return { outside: hours?.outside ?? false, mode: hours?.mode ?? 'drain' };
  };
}

export interface Hours extends AllowedHours {
  /** As they were given; two that differ where a change was broken off between the schedules. */
  readonly note: string;
  readonly timezone: string;
  readonly opens: Date;
  readonly closes: Date;
}

/**
 * The hours of a category; undefined where a schedule is missing or paused, which somebody did on purpose. The server
 * knows when each acts next, so nobody here has to reckon with time zones: who opens before closing is closed.
 */
export async function readHours(client: ScheduleClient, category: string): Promise<Hours | undefined> {
  const ids = hoursSchedules(category);
  const [open, close] = await Promise.all([describe(client, ids.open), describe(client, ids.close)]);
  if (open === undefined || close === undefined) return undefined;
  const [opens, closes] = [nextTime(open), nextTime(close)];
  if (opens === undefined || closes === undefined) return undefined;
  return {
    outside: opens < closes,
    mode: modeOf(close),
    note: [...new Set([open.state.note ?? '', close.state.note ?? ''])].join(' / '),
    timezone: close.spec.timezone ?? 'UTC',
    opens,
    closes,
  };
}

async function describe(client: ScheduleClient, id: string): Promise<ScheduleDescription | undefined> {
  try {
    const description = await client.getHandle(id).describe();
    return description.state.paused ? undefined : description;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** One that has passed is still listed while the server catches up with it. */
function nextTime({ info }: ScheduleDescription): Date | undefined {
  return info.nextActionTimes.find((time) => time.getTime() > Date.now());
}

/** What the schedule hands to the workflow that it starts. */
function modeOf({ action }: ScheduleDescription): AllowedHours['mode'] {
  const [input] = action.args as readonly { readonly mode?: string }[];
  return input?.mode === 'now' ? 'now' : 'drain';
}
