import type { RunView } from '../run.js';
import { attentionLines, chunkLine, holdLines, limitText, rateLine } from './status-lines.js';
import type { RunViewer } from './viewer.js';

/** For logs and pipes: a line at each look, and what needs a person once, when it is new. */
export function createPlainView(write: (line: string) => void): RunViewer {
  let told = new Set<string>();
  const tellNew = (lines: readonly string[]): void => {
    for (const line of lines) if (!told.has(line)) write(`          ${line}`);
    told = new Set(lines);
  };
  return {
    show(view) {
      write(`${clock()}  ${progressLine(view)}`);
      tellNew(view.status === undefined ? [] : newsOf(view.status));
    },
    note: (text) => write(`${clock()}  ${text}`),
    end: () => undefined,
  };
}

function progressLine({ state, status }: RunView): string {
  if (status === undefined) return `${state}  no worker answers`;
  const rate = rateLine(status);
  return `${status.phase}  ${chunkLine(status)}${rate === '' ? '' : `; ${rate}`}`;
}

function newsOf(status: NonNullable<RunView['status']>): readonly string[] {
  const reduced = status.servers.filter(({ limit, now }) => now < limit);
  return [
    ...holdLines(status),
    ...reduced.map((server) => `${server.server}: ${limitText(server)}`),
    ...attentionLines({ ...status, slow: [] }),
  ];
}

function clock(): string {
  return `${new Date().toISOString().slice(11, 19)}Z`;
}
