import { CliError } from '../cli-error.js';

/** Hours of a week as half-open stretches of minutes from Monday 00:00, apart from each other and in order. */
export type WeeklyHours = readonly Stretch[];
interface Stretch {
  readonly from: number;
  /** May lie in the week after: Sunday 22:00 to Monday 06:00. */
  readonly to: number;
}

/** A time of day on some days of the week (0 is Monday). */
export interface WeeklyTime {
  readonly days: readonly number[];
  readonly hour: number;
  readonly minute: number;
}

const dayNames: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;

/**
 * `22:00-06:00`, or with days of its own `sat-sun 00:00-24:00`; days are those on which a stretch begins. Several are
 * taken together, so that one which ends while another goes on ends nothing.
 * Throws CliError `usage`.
 */
export function parseWeeklyHours(texts: readonly string[], days = 'mon-sun'): WeeklyHours {
  const merged = merge(texts.flatMap((text) => stretchesOf(text, days)));
  const [first] = merged;
  if (first !== undefined && first.to - first.from >= weekMinutes)
    throw new CliError(
      'usage',
      'these hours are the whole week: to allow it, take the hours away with --remove.',
    );
  return merged;
}

/** When the hours begin, and when they end; times of day that several days share are one. */
export function edges(hours: WeeklyHours): {
  readonly open: readonly WeeklyTime[];
  readonly close: readonly WeeklyTime[];
} {
  return { open: timesOf(hours.map(({ from }) => from)), close: timesOf(hours.map(({ to }) => to)) };
}

function stretchesOf(text: string, defaultDays: string): readonly Stretch[] {
  const {
    days = defaultDays,
    from = '',
    to = '',
  } = /^(?:(?<days>[a-z,-]+) )?(?<from>\d\d:\d\d)-(?<to>\d\d:\d\d)$/i.exec(text.trim())?.groups ?? {};
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  if (begin === undefined || end === undefined || begin === dayMinutes || begin === end)
    throw new CliError(
      'usage',
      `--allow '${text}' is no stretch of hours: write 22:00-06:00 or 'sat-sun 00:00-24:00'.`,
    );
  const length = end > begin ? end - begin : end + dayMinutes - begin;
  return parseDays(days).map((day) => ({
    from: day * dayMinutes + begin,
    to: day * dayMinutes + begin + length,
  }));
}

function minutesOf(text: string): number | undefined {
  const [hour = Number.NaN, minute = Number.NaN] = text.split(':').map(Number);
  const minutes = hour * 60 + minute;
  return minute < 60 && minutes <= dayMinutes ? minutes : undefined;
}

/** `mon-fri`, `sat,sun`, `fri-mon`. */
function parseDays(text: string): readonly number[] {
  const days = text.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map((name) => dayNames.indexOf(name.toLowerCase()));
    if (from === undefined || to === undefined || from < 0 || to < 0 || part.split('-').length > 2)
      throw new CliError(
        'usage',
        `'${text}' names no days: write mon-fri, or sat,sun (${dayNames.join(', ')}).`,
      );
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, at) => (from + at) % 7);
  });
  return [...new Set(days)].sort((a, b) => a - b);
}

/** Stretches that meet or overlap become one, also over the end of the week. */
function merge(stretches: readonly Stretch[]): WeeklyHours {
  const merged: Stretch[] = [];
  for (const stretch of [...stretches].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || stretch.from > last.to) merged.push(stretch);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
  }
  return joinOverWeekEnd(merged);
}

function joinOverWeekEnd(stretches: WeeklyHours): WeeklyHours {
  const [first, ...rest] = stretches;
  const last = stretches.at(-1);
  if (first === undefined || last === undefined || last.to - weekMinutes < first.from) return stretches;
  if (rest.length === 0) return [{ from: first.from, to: first.from + weekMinutes }];
  const joined = { from: last.from, to: Math.max(last.to, first.to + weekMinutes) };
  return joinOverWeekEnd([...rest.slice(0, -1), joined]);
}

function timesOf(minutes: readonly number[]): readonly WeeklyTime[] {
  const days = new Map<number, number[]>();
  for (const minute of minutes.map((value) => value % weekMinutes)) {
    const timeOfDay = minute % dayMinutes;
    days.set(timeOfDay, [...(days.get(timeOfDay) ?? []), Math.floor(minute / dayMinutes)]);
  }
  return [...days].map(([time, on]) => ({
    days: on.sort((a, b) => a - b),
    hour: Math.floor(time / 60),
    minute: time % 60,
  }));
}
