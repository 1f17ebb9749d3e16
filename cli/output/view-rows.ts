import type { ChunkCounts } from '../../activities/contract.js';
import type { CategoryStatus, ServerStatus } from '../../workflows/messages.js';
import type { RunView } from '../run.js';
import { count, percent, size } from './quantities.js';
import { headLine } from './run-lines.js';
import { attentionLines, holdLines, limitText, rateLine } from './status-lines.js';

/** One line of the live view; with a total it has a bar. */
export interface Row {
  readonly text: string;
  readonly label?: string;
  readonly done?: number;
  readonly total?: number;
}

/** Rows of a terminal that are kept for what needs a person, where servers are many. */
const keptBelow = 8;

/** The picture of a run, in at most `height` lines: a terminal cannot redraw what has scrolled away. */
export function viewRows(view: RunView, height: number, note?: string): readonly Row[] {
  const { status } = view;
  const head = [headLine(view), ...(note === undefined ? [] : [note])].map(textRow);
  if (status === undefined)
    return [...head, textRow('No worker answers: the run waits for one.')].slice(0, height);
  const below = [
    stepLine(status),
    ...filled(rateLine(status)),
    ...holdLines(status),
    ...attentionLines(status),
  ];
  const room = Math.max(1, height - head.length - 1 - Math.min(below.length, keptBelow));
  return cut([...head, ...barRows(status, room), ...below.map(textRow)], height);
}

function barRows(status: CategoryStatus, room: number): readonly Row[] {
  const { shown, hidden } = chooseServers(status.servers, room);
  const width = Math.max(3, ...shown.map(({ server }) => server.length));
  return [
    barRow('all', width, status.chunks, ''),
    ...shown.map((server) => barRow(server.server, width, server.chunks, `  ${limitText(server)}`)),
    ...(hidden === 0 ? [] : [textRow(`… and ${hidden} servers more: migrate status ${status.category}`)]),
  ];
}

/** Where not all fit, those that are done give way first; the order stays. */
function chooseServers(
  servers: readonly ServerStatus[],
  room: number,
): { readonly shown: readonly ServerStatus[]; readonly hidden: number } {
  if (servers.length <= room) return { shown: servers, hidden: 0 };
  const open = servers.filter(({ chunks }) => ended(chunks) < chunks.planned);
  const shown = (open.length > 0 ? open : servers).slice(0, room - 1);
  return { shown, hidden: servers.length - shown.length };
}

function barRow(label: string, width: number, chunks: ChunkCounts, rest: string): Row {
  const done = ended(chunks);
  const parked = chunks.parked > 0 ? `  ${count(chunks.parked)} parked` : '';
  const share = `${String(percent(done, chunks.planned)).padStart(3)} %`;
  return {
    label: label.padEnd(width),
    done,
    total: chunks.planned,
    text: `${share}  ${count(done)}/${count(chunks.planned)} chunks${parked}${rest}`,
  };
}

/** What no run will touch again. */
function ended({ done, skipped }: ChunkCounts): number {
  return done + skipped;
}

function stepLine({ steps }: CategoryStatus): string {
  const parts = Object.entries(steps).map(
    ([name, { rows, bytes }]) => `${name} ${count(rows)} (${size(bytes)})`,
  );
  return `rows: ${parts.join('  ')}`;
}

function cut(rows: readonly Row[], height: number): readonly Row[] {
  if (rows.length <= height) return rows;
  return [...rows.slice(0, height - 1), textRow(`… ${rows.length - height + 1} lines more`)];
}

function filled(text: string): readonly string[] {
  return text === '' ? [] : [text];
}

/** One line each: a message with a line break would push the picture out of place. */
function textRow(text: string): Row {
  return { text: text.replace(/\s*[\r\n]+\s*/g, ' ') };
}
