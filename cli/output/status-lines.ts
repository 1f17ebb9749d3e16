import type { StepName } from '../../activities/contract.js';
import type { CategoryStatus, Pause, Scope, ServerStatus } from '../../workflows/messages.js';
import { shellCommand } from '../explain.js';
import { columns } from './columns.js';
import { count, counted, duration, percent, rate, size } from './quantities.js';

/** What a status says, in lines; each part is empty where there is nothing to say. */
export function statusLines(status: CategoryStatus): readonly string[] {
  return [
    ...progressLines(status),
    ...holdLines(status),
    ...section('Servers', serverLines(status.servers)),
    ...section('Steps', stepLines(status)),
    ...attentionLines(status),
  ];
}

/** `1,204 of 4,000 chunks done (30 %), 2 parked, 1 skipped`. */
export function chunkLine({ chunks }: Pick<CategoryStatus, 'chunks'>): string {
  const { planned, done, parked, skipped } = chunks;
  return [
    `${count(done)} of ${counted(planned, 'chunk')} done (${percent(done + skipped, planned)} %)`,
    ...(parked > 0 ? [`${count(parked)} parked`] : []),
    ...(skipped > 0 ? [`${count(skipped)} skipped`] : []),
  ].join(', ');
}

/** `250,000 rows/s, 25 chunks/s, 12 min left`; before them what is read at once for all windows. */
export function rateLine(status: CategoryStatus): string {
  const { rowsPerSecond, chunksPerSecond, etaSeconds, scans } = status;
  return [
    ...(scans === undefined
      ? []
      : [`${count(scans.read)} of ${counted(scans.ranges, 'range')} read, ${counted(scans.rows, 'row')}`]),
    ...(rowsPerSecond === undefined ? [] : [`${rate(rowsPerSecond)} rows/s`]),
    ...(chunksPerSecond === undefined ? [] : [`${rate(chunksPerSecond)} chunks/s`]),
    ...(etaSeconds === undefined ? [] : [`${duration(etaSeconds)} left`]),
  ].join(', ');
}

/** Why less runs than could: a stop, pauses, the total. */
export function holdLines({ stopping, pauses, total }: CategoryStatus): readonly string[] {
  return [
    ...(stopping === undefined ? [] : [`Stopping: ${effect(stopping)}.`]),
    ...pauses.map((pause) => `Paused: ${pauseText(pause)}.`),
    ...(total === undefined ? [] : [`Limit: ${counted(total, 'chunk')} at a time on all servers together.`]),
  ];
}

/** Sessions allowed on a server now, and why they are fewer than its limit. */
export function limitText({ limit, now, cause }: ServerStatus): string {
  if (now === limit) return counted(limit, 'session');
  return `${now} of ${counted(limit, 'session')}${cause === undefined ? '' : ` (${cause})`}`;
}

/** Parked and slow chunks with the command that helps, and messages that could not be obeyed. */
export function attentionLines(status: CategoryStatus): readonly string[] {
  const { category, parked, slow, warnings, chunks } = status;
  const more = chunks.parked - parked.length;
  return [
    ...section('Parked', [
      ...parked.flatMap(({ chunk, code, message }) => [
        `${chunk}  ${code}: ${message}`,
        `  ${shellCommand(['migrate', 'retry', category, chunk], [])}`,
      ]),
      ...(more > 0 ? [`and ${count(more)} more: migrate chunks ${category} --parked`] : []),
    ]),
    ...section(
      'Slow',
      slow.flatMap(({ chunk, seconds, medianSeconds }) => [
        `${chunk}  ${duration(seconds)}, where others take ${duration(medianSeconds)}`,
        `  ${shellCommand(['migrate', 'retry', category, chunk, '--parts', '4'], [])}`,
      ]),
    ),
    ...section('Warnings', warnings),
  ];
}

/** `everything`, or the parts that a scope names. */
function scopeText(scope: Scope): string {
  const parts = (['server', 'database', 'target'] as const).flatMap((part) =>
    scope[part] === undefined ? [] : [`${part} ${scope[part]}`],
  );
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

function progressLines(status: CategoryStatus): readonly string[] {
  const rate = rateLine(status);
  const { databases, rowsPlanned, rowsLeftOut } = status;
  return [
    `${chunkLine(status)}; ${counted(rowsPlanned, 'row')} planned`,
    ...(rowsLeftOut === 0 ? [] : [`${counted(rowsLeftOut, 'row')} left out by input_partition`]),
    `${databases.running} of ${counted(databases.left, 'database')} left running${rate === '' ? '' : `; ${rate}`}`,
  ];
}

function serverLines(servers: readonly ServerStatus[]): readonly string[] {
  return columns(servers.map((server) => [server.server, chunkLine(server), limitText(server)]));
}

function stepLines({ steps }: CategoryStatus): readonly string[] {
  const names = Object.keys(steps) as StepName[];
  const rows = names.map((name) => {
    const { chunks, rows, bytes } = steps[name];
    return [name, counted(chunks, 'chunk'), counted(rows, 'row'), size(bytes)];
  });
  return columns(rows, [1, 2, 3]);
}

function pauseText({ mode, scope, by }: Pause): string {
  return `${scopeText(scope)}, by ${by === 'hours' ? 'the allowed hours' : by}; ${effect(mode)}`;
}

function effect(mode: Pause['mode']): string {
  return mode === 'now' ? 'running steps are cancelled and done again later' : 'running steps finish';
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}
