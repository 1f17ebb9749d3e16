import type { CategoryStatus, Reloaded, Resolved } from '../../workflows/messages.js';
import { count, counted } from './quantities.js';
import { chunkLine, holdLines, limitText } from './status-lines.js';

/** What a run answers to most controls: its state after it. */
export function answerLines(status: CategoryStatus): readonly string[] {
  return [
    `${status.category}  ${status.phase}  ${chunkLine(status)}`,
    ...holdLines(status),
    ...status.servers.map((server) => `${server.server}: ${limitText(server)}`),
  ];
}

/** What a run answers to retry and skip. */
export function resolvedLines(verb: string): (answer: Resolved) => readonly string[] {
  return ({ resolved, parked }) => [`${counted(resolved, 'chunk')} ${verb}; ${count(parked)} still parked.`];
}

/** What a run answers to reload. */
export function reloadedLines({ fields }: Reloaded): readonly string[] {
  if (fields.length === 0) return ['Nothing has changed that a run under way could take over.'];
  return [`${fields.join(', ')}: in effect for every step that begins from now on.`];
}
