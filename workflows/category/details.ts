import type { CategoryStatus } from '../messages.js';
import { scopeText } from './controls.js';

/** The Web UI's page of a running category: what stands where, and the command for what needs a person. */
export function detailsOf(status: CategoryStatus): string {
  return [
    heading(status),
    totals(status),
    servers(status),
    parked(status),
    slow(status),
    ...(status.rowsLeftOut > 0 ? [`${status.rowsLeftOut} rows lie outside of input_partition.`] : []),
    ...status.warnings.map((warning) => `> ${warning}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function heading({ phase, pauses, stopping, category }: CategoryStatus): string {
  const states = [
    ...(stopping === undefined ? [] : [`stopping (${stopping})`]),
    ...pauses.map(
      ({ mode, scope, by }) =>
        `paused (${mode}): ${scopeText(scope)}${by === 'operator' ? '' : `, by ${by}`}`,
    ),
  ];
  const resume = pauses.length > 0 ? `\n\nTo go on: \`migrate resume ${category}\`` : '';
  return `**${phase}**${states.map((state) => `\n- ${state}`).join('')}${resume}`;
}

function totals({
  chunks,
  rowsPlanned,
  rowsPerSecond,
  chunksPerSecond,
  etaSeconds,
  databases,
  total,
  scans,
}: CategoryStatus): string {
  const pace = [
    ...(scans === undefined
      ? []
      : [`tables read once for all windows: ${scans.read} of ${scans.ranges} ranges, ${scans.rows} rows`]),
    ...(rowsPerSecond === undefined ? [] : [`${Math.round(rowsPerSecond)} rows/s`]),
    ...(chunksPerSecond === undefined ? [] : [`${chunksPerSecond.toFixed(2)} chunks/s`]),
    ...(etaSeconds === undefined ? [] : [`about ${duration(etaSeconds)} to go`]),
    ...(total === undefined ? [] : [`at most ${total} chunks in flight`]),
  ];
  return table(
    ['chunks planned', 'done', 'parked', 'skipped', 'rows planned', 'databases left'],
    [[chunks.planned, chunks.done, chunks.parked, chunks.skipped, rowsPlanned, databases.left]],
  ).concat(pace.length > 0 ? `\n\n${pace.join(', ')}` : '');
}

function servers(status: CategoryStatus): string {
  if (status.servers.length === 0) return '';
  return table(
    ['server', 'sessions', 'chunks done', 'rows exported', 'transformed', 'imported', 'checked', ''],
    status.servers.map(({ server, limit, now, cause, chunks, steps }) => [
      server,
      now === limit ? `${limit}` : `${now} of ${limit}`,
      `${chunks.done} of ${chunks.planned}`,
      steps.export.rows,
      steps.transform.rows,
      steps.import.rows,
      steps.checksum.rows,
      cause ?? '',
    ]),
  );
}

function parked({ parked: chunks, chunks: counts, category }: CategoryStatus): string {
  if (chunks.length === 0) return '';
  const rows = chunks.map(({ chunk, code, message }) => [
    chunk,
    code,
    message,
    `\`migrate retry ${category} ${chunk}\``,
  ]);
  const more =
    counts.parked > chunks.length
      ? `\n\n${counts.parked} in all: \`migrate chunks ${category} --parked\``
      : '';
  return `Parked, mend the cause and retry:\n\n${table(['chunk', 'code', 'cause', 'to retry'], rows)}${more}`;
}

function slow({ slow: chunks, category }: CategoryStatus): string {
  if (chunks.length === 0) return '';
  const rows = chunks.map(({ chunk, seconds, medianSeconds }) => [
    chunk,
    duration(seconds),
    duration(medianSeconds),
    `\`migrate retry ${category} ${chunk} --parts 4\``,
  ]);
  return `Slow:\n\n${table(['chunk', 'runs for', 'median', 'to split'], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function cell(value: string | number): string {
  return String(value).replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 300);
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
