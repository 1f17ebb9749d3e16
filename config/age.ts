import { MigrationError } from '../engine/errors.js';
import { shown } from './problems.js';

/**
 * Hours: no attempt of a chunk's step is at work for more than half as long (`stepOptions` of the workflows ends it after
 * 24 h, as `glue.timeoutMinutes` does Glue's), so that nothing older can be of one that still means to publish it. The
 * transform of a whole may take longer: a clean-up beside a run leaves the windows of wholes alone.
 */
export const safeAgeHours = 48;

/** An age such as `7d` or `72h`, in hours. Throws CONFIG_INVALID for any other form, and below the safe age. */
export function parseAge(text: string): number {
  const [, number, unit] = /^(\d{1,6})([dh])$/.exec(text) ?? [];
  const hours = Number(number) * (unit === 'd' ? 24 : 1);
  if (hours >= safeAgeHours) return hours;
  const reason =
    number === undefined
      ? "must be a number of days or hours such as '7d' or '72h'"
      : `must be at least ${safeAgeHours}h: what is younger may be of an attempt that is still at work`;
  throw new MigrationError('CONFIG_INVALID', `The age of what to clean up is ${shown(text)}; it ${reason}.`);
}
