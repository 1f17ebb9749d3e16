import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

export type History = ReturnType<typeof historyFromJSON>;

/** A folder for each version: those of a released one are never recorded anew. */
const directory = join(__dirname, '../replay/histories');
const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  readonly version: string;
};

/** With RECORD_HISTORIES=1, keeps what happened for the replay tests: `<version>/<name>-<index>.json`, an event a line. */
export async function recordHistories(
  { client }: TestWorkflowEnvironment,
  name: string,
  workflowIds: readonly string[],
): Promise<void> {
  if (process.env.RECORD_HISTORIES !== '1') return;
  mkdirSync(join(directory, version), { recursive: true });
  for (const [index, id] of workflowIds.entries()) {
    const history = await client.workflow.getHandle(id).fetchHistory();
    const { events } = JSON.parse(historyToJSON(history)) as { readonly events: readonly unknown[] };
    const lines = events.map((event) => JSON.stringify(event));
    writeFileSync(
      join(directory, version, `${name}-${index}.json`),
      `{"events":[\n${lines.join(',\n')}\n]}\n`,
    );
  }
}

/** By `<version>/<file>`. */
export function recordedHistories(): ReadonlyMap<string, History> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  );
  return new Map(
    files.map((file) => [file, historyFromJSON(JSON.parse(readFileSync(join(directory, file), 'utf8')))]),
  );
}

export function startOf({ events }: History): { readonly type: string; readonly workflowId: string } {
  const start = events?.[0]?.workflowExecutionStartedEventAttributes;
  return { type: start?.workflowType?.name ?? '', workflowId: start?.workflowId ?? '' };
}

/** Every text and payload anywhere in a history, payloads decoded. */
export function textsOf(history: unknown): readonly { readonly text: string; readonly bytes: number }[] {
  const texts: { text: string; bytes: number }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push({ text: value, bytes: Buffer.byteLength(value) });
    else if (value instanceof Uint8Array)
      texts.push({ text: Buffer.from(value).toString('utf8'), bytes: value.length });
    else if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) visit(inner);
  };
  visit(history);
  return texts;
}
