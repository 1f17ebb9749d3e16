import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { type Hours, readHours } from '../../activities/allowed-hours.js';
import { controls, type StopMode, stopModes, workflowIds } from '../../workflows/messages.js';
import { byHours } from '../../workflows/steer-category.js';
import { categoryCommand } from '../category-command.js';
import { CliError } from '../cli-error.js';
import type { Exit } from '../exit-codes.js';
import {
  createCommands,
  type HoursRequest,
  putSchedules,
  removeSchedules,
  scheduleCommands,
} from '../hours/schedules.js';
import { requireTimesExist, requireTimeZone } from '../hours/time-zone.js';
import { edges, parseWeeklyHours } from '../hours/weekly-hours.js';
import type { Common, Session } from '../session.js';

interface HoursOptions extends Common {
  readonly allow?: readonly string[];
  readonly days?: string;
  readonly timezone?: string;
  readonly mode: StopMode;
  readonly show?: true;
  readonly remove?: true;
}

/** `migrate hours`: when a category may run; Temporal Schedules keep it, and nobody's terminal. */
export function addHours(program: Command, session: Session): void {
  categoryCommand(program, 'hours', 'let the category run at these hours only')
    .option('--allow <hours...>', "such as 22:00-06:00; with days of their own: 'sat-sun 00:00-24:00'")
    .option('--days <days>', 'on which these hours begin, such as mon-fri (default: every day)')
    .option('--timezone <zone>', 'IANA time zone of the hours, such as Europe/Berlin')
    .addOption(
      new Option('--mode <mode>', 'how a run is paused at their end').choices(stopModes).default('drain'),
    )
    .option('--show', 'show the hours')
    .option('--remove', 'take the hours away: the category may run at any time')
    .action((category: string, options: HoursOptions) => {
      const ways = [options.allow, options.show, options.remove].filter((way) => way !== undefined);
      if (ways.length !== 1) throw new CliError('usage', 'give one of --allow <hours>, --show and --remove.');
      if (options.show) return show(session, options, category);
      return options.remove ? remove(session, options, category) : allow(session, options, category);
    });
}

function allow(session: Session, options: HoursOptions, category: string): Promise<void> {
  const request = requestOf(category, options);
  return session.perform(options, {
    explain: (temporal) => createCommands(temporal, request),
    run: async () => {
      const client = await session.client();
      await putSchedules(client.schedule, request);
      const hours = await settled(client, request);
      const told = await obey(client, category, hours);
      return tell(session, options, category, hours, told);
    },
  });
}

function show(session: Session, options: HoursOptions, category: string): Promise<void> {
  return session.perform(options, {
    explain: (temporal) => scheduleCommands(temporal, 'describe', category),
    run: async () =>
      tell(session, options, category, await readHours((await session.client()).schedule, category)),
  });
}

function remove(session: Session, options: HoursOptions, category: string): Promise<void> {
  return session.perform(options, {
    explain: (temporal) => scheduleCommands(temporal, 'delete', category),
    run: async () => {
      const client = await session.client();
      const removed = await removeSchedules(client.schedule, category);
      // Nobody else would resume what they paused.
      const told = removed ? await obey(client, category, undefined) : undefined;
      return tell(session, options, category, undefined, told);
    },
  });
}

function requestOf(category: string, { allow = [], days, timezone, mode }: HoursOptions): HoursRequest {
  if (timezone === undefined)
    throw new CliError('usage', 'give --timezone, such as Europe/Berlin: hours mean nothing without one.');
  requireTimeZone(timezone);
  const times = edges(parseWeeklyHours(allow, days));
  requireTimesExist([...times.open, ...times.close], timezone);
  const note = `${[...(days === undefined ? [] : [days]), allow.join('; ')].join(' ')} ${timezone}, then ${mode}`;
  return { category, ...times, timezone, mode, note };
}

const settleMs = 10_000;

/** An update of a schedule is not to be read at once; what is read must be what was asked for. */
async function settled(client: Client, { category, note }: HoursRequest): Promise<Hours> {
  for (const until = Date.now() + settleMs; ; ) {
    const hours = await readHours(client.schedule, category);
    if (hours?.note === note) return hours;
    if (Date.now() > until)
      throw new CliError(
        'failed',
        `the hours of ${category} were sent, but are not to be seen yet: look with --show.`,
      );
    await sleep(200);
  }
}

/** Brings a run that is there already to what holds now; undefined where none is. */
async function obey(
  client: Client,
  category: string,
  hours: Hours | undefined,
): Promise<'paused' | 'resumed' | undefined> {
  const handle = client.workflow.getHandle(workflowIds.category(category));
  try {
    // Signals: they wait where no worker runs at present.
    if (hours?.outside) await handle.signal(controls.pause.signal, { mode: hours.mode, by: byHours });
    else await handle.signal(controls.resume.signal, { by: byHours });
    return hours?.outside ? 'paused' : 'resumed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function tell(
  session: Session,
  options: Common,
  category: string,
  hours: Hours | undefined,
  told?: 'paused' | 'resumed',
): Promise<Exit> {
  await session.show(
    options,
    { category, hours: hours ?? null, ...(told !== undefined && { run: told }) },
    () => [
      ...(hours === undefined ? [`${category} may run at any time.`] : hoursLines(category, hours)),
      ...(told === 'paused' ? ['The run is paused until they begin; migrate resume lifts that.'] : []),
    ],
  );
  return 'done';
}

function hoursLines(category: string, { note, outside, opens, closes, timezone }: Hours): readonly string[] {
  const local = (time: Date): string =>
    `${time.toLocaleString('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' })} (${time.toISOString()})`;
  const [next, after] = outside
    ? [`they begin ${local(opens)}`, `end ${local(closes)}`]
    : [`they end ${local(closes)}`, `begin again ${local(opens)}`];
  return [
    `${category} may run ${note}.`,
    `It is ${outside ? 'outside' : 'within'} these hours; ${next}, ${after}.`,
  ];
}
