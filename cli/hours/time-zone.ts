import { CliError } from '../cli-error.js';
import type { WeeklyTime } from './weekly-hours.js';

/** Throws CliError `usage` unless it is the name of a zone in the IANA database. */
export function requireTimeZone(name: string): void {
  try {
    if (/^[A-Za-z]/.test(name)) return void new Intl.DateTimeFormat('en', { timeZone: name });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new CliError(
    'usage',
    `--timezone '${name}' is no IANA time zone: write one such as Europe/Berlin or UTC.`,
  );
}

const dayMs = 86_400_000;
const daysAhead = 2 * 366;

/**
 * Refuses times that the clock passes over on some day of the next two years: a schedule does not act at a time that
 * there is not, and a missed end of the hours would go on until the next.
 * Throws CliError `usage` naming the day.
 */
export function requireTimesExist(times: readonly WeeklyTime[], timeZone: string, now = Date.now()): void {
  const local = localClock(timeZone);
  for (let day = 0; day < daysAhead; day += 1) {
    const midnight = Math.floor(now / dayMs + day) * dayMs;
    // Most days have one offset from their beginning to their end, and then every time is there.
    if (offset(local, midnight - dayMs / 2) === offset(local, midnight + (3 * dayMs) / 2)) continue;
    for (const { days, hour, minute } of times) {
      const wanted = midnight + (hour * 60 + minute) * 60_000;
      if (!days.includes((new Date(midnight).getUTCDay() + 6) % 7) || exists(local, wanted)) continue;
      const [date, time] = new Date(wanted).toISOString().split(/[T.]/);
      throw new CliError(
        'usage',
        `there is no ${time?.slice(0, 5)} on ${date} in ${timeZone}, as clocks go forward then, and the hours ` +
          'would not change: choose a time an hour earlier or later.',
      );
    }
  }
}

type LocalClock = (instant: number) => number;

/** Whether a time of a local calendar and clock, written as if it were UTC, comes at all. */
function exists(local: LocalClock, wanted: number): boolean {
  return [wanted - dayMs / 2, wanted + dayMs / 2].some((near) => {
    const instant = wanted - offset(local, near);
    return local(instant) === wanted;
  });
}

function offset(local: LocalClock, instant: number): number {
  return local(instant) - instant;
}

/** What clocks of the zone show at an instant, as if it were UTC. */
function localClock(timeZone: string): LocalClock {
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  return (instant) => {
    const parts = Object.fromEntries(
      format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}
