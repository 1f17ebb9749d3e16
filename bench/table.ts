import Table from 'cli-table3';
import type { Line } from './summary.js';

/** The lines as a table for a terminal, one block for each task. */
export function tableOf(lines: readonly Line[]): string {
  const table = new Table({
    head: [
      'task',
      'tool',
      'rows',
      'seconds',
      '(range)',
      'rows/s',
      'CPU s',
      'CPU s / M rows',
      'peak MB',
      'read back',
    ],
    colAligns: ['left', 'left', ...Array.from({ length: 8 }, () => 'right' as const)],
    style: { head: [], border: [] },
  });
  let task = '';
  for (const line of lines) {
    table.push([line.task === task ? '' : line.task, ...cellsOf(line)]);
    task = line.task;
  }
  return table.toString();
}

function cellsOf(line: Line): readonly string[] {
  const { tool, rows, seconds, fastest, slowest, cpuSeconds, rssMb, readBackSeconds } = line;
  return [
    tool,
    rows.toLocaleString('en'),
    seconds.toFixed(2),
    `${fastest.toFixed(2)} - ${slowest.toFixed(2)}`,
    Math.round(rows / seconds).toLocaleString('en'),
    cpuSeconds.toFixed(2),
    ((cpuSeconds * 1e6) / rows).toFixed(2),
    `${rssMb}`,
    readBackSeconds === undefined ? '' : `${readBackSeconds.toFixed(2)} s`,
  ];
}
