import type { Environment } from '../config/environment.js';
import { workflowIds } from '../workflows/messages.js';

/** A word as POSIX shells read it back unchanged. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const widest = 110;

/** Words, then flags with their values; broken before the flags where one line would be too long. */
export function shellCommand(words: readonly string[], flags: readonly (readonly string[])[]): string {
  const groups = [words, ...flags].map((group) => group.map(shellWord).join(' '));
  const line = groups.join(' ');
  return line.length <= widest ? line : groups.join(' \\\n    ');
}

/** A command of the Temporal CLI against the server that the environment names. */
export function temporalCommand(
  { address, namespace, tls }: Environment['temporal'],
  words: readonly string[],
  flags: readonly (readonly string[])[],
): string {
  return shellCommand(
    ['temporal', ...words],
    [
      ...flags,
      ...(address === 'localhost:7233' ? [] : [['--address', address]]),
      ...(namespace === 'default' ? [] : [['--namespace', namespace]]),
      ...(tls?.flags ?? []),
    ],
  );
}

/** An update of a category's workflow, as `temporal` sends it. */
export function updateCommand(
  temporal: Environment['temporal'],
  category: string,
  name: string,
  argument: unknown,
): string {
  return temporalCommand(
    temporal,
    ['workflow', 'update', 'execute'],
    [
      ['--workflow-id', workflowIds.category(category)],
      ['--name', name],
      ['--input', JSON.stringify(argument)],
    ],
  );
}

/** The status of a category's workflow, as `temporal` asks for it. */
export function statusCommand(temporal: Environment['temporal'], category: string): string {
  return temporalCommand(
    temporal,
    ['workflow', 'query'],
    [
      ['--workflow-id', workflowIds.category(category)],
      ['--type', 'status'],
    ],
  );
}
