import type { Line } from './summary.js';

const left = 210;
const width = 760;
const barHeight = 18;
const rowHeight = 26;
const headHeight = 44;
const margin = 16;

/**
 * Seconds of each tool as bars, one block for each task, shortest first: an SVG that stands on white and on black. Made
 * by hand, as it is rectangles and texts; libraries that draw charts without a browser bring tens of megabytes.
 */
export function chartOf(lines: readonly Line[], taskNames: readonly string[]): string {
  const parts: string[] = [];
  let y = margin;
  for (const task of taskNames) {
    const bars = lines.filter((line) => line.task === task).sort((a, b) => a.seconds - b.seconds);
    if (bars.length === 0) continue;
    parts.push(...block(task, bars, y));
    y += headHeight + bars.length * rowHeight;
  }
  const height = y + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" role="img" aria-label="Seconds by task and tool, less is better">`,
    '<style>text{fill:#57606a}.ours{fill:#2f81f7}.theirs{fill:#8c959f}@media (prefers-color-scheme:dark){text{fill:#adbac7}}</style>',
    ...parts,
    '</svg>',
  ].join('\n');
}

function block(task: string, bars: readonly Line[], top: number): readonly string[] {
  const longest = Math.max(...bars.map(({ seconds }) => seconds));
  const scale = (width - left - 150) / longest;
  const rows = bars[0]?.rows ?? 0;
  const heading = `${task}: seconds for ${rows.toLocaleString('en')} rows, less is better`;
  return [
    `<text x="${margin}" y="${top + 20}" font-weight="bold">${escaped(heading)}</text>`,
    ...bars.flatMap(({ tool, seconds, cpuSeconds, rssMb }, index) => {
      const y = top + headHeight - 10 + index * rowHeight;
      const length = Math.max(1, seconds * scale);
      const figures = `${seconds.toFixed(1)} s · ${cpuSeconds.toFixed(1)} CPU s · ${rssMb} MB`;
      return [
        `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${escaped(tool)}</text>`,
        `<rect class="${tool.startsWith('ours') ? 'ours' : 'theirs'}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + 13}">${figures}</text>`,
      ];
    }),
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
