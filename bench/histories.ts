import type { Client } from '@temporalio/client';

/** Of all executions of one workflow type. */
export interface TypeHistories {
  readonly executions: number;
  readonly continuedAsNew: number;
  readonly largestEvents: number;
  readonly largestBytes: number;
  /** Of the executions whose events were read. */
  readonly scanned: number;
  readonly largestPayloadBytes: number;
  /** Of the executions that were read, by event type, the most frequent first. */
  readonly events: Readonly<Record<string, number>>;
}

interface Counted {
  executions: number;
  continuedAsNew: number;
  largestEvents: number;
  largestBytes: number;
  scanned: number;
  largestPayloadBytes: number;
  readonly events: Map<string, number>;
}

/** An event's type is told by which of its attributes it has. */
const attributes = 'EventAttributes';

/** Every execution, by workflow type; events are read of one in `sampleOf(type)`. */
export async function histories(
  client: Client,
  sampleOf: (type: string) => number,
): Promise<Readonly<Record<string, TypeHistories>>> {
  const byType = new Map<string, Counted>();
  for await (const {
    type,
    status,
    historyLength,
    historySize,
    workflowId,
    runId,
  } of client.workflow.list()) {
    const counted = byType.get(type) ?? none();
    byType.set(type, counted);
    counted.executions += 1;
    if (status.name === 'CONTINUED_AS_NEW') counted.continuedAsNew += 1;
    counted.largestEvents = Math.max(counted.largestEvents, historyLength);
    counted.largestBytes = Math.max(counted.largestBytes, historySize ?? 0);
    if (counted.executions % sampleOf(type) !== 0) continue;
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    counted.scanned += 1;
    counted.largestPayloadBytes = Math.max(counted.largestPayloadBytes, largestPayload(history));
    for (const event of history.events ?? []) {
      const name =
        Object.keys(event)
          .find((key) => key.endsWith(attributes))
          ?.slice(0, -attributes.length) ?? '';
      counted.events.set(name, (counted.events.get(name) ?? 0) + 1);
    }
  }
  return Object.fromEntries(
    [...byType]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, { events, ...counted }]) => [
        type,
        { ...counted, events: Object.fromEntries([...events].sort(([, a], [, b]) => b - a)) },
      ]),
  );
}

function none(): Counted {
  return {
    executions: 0,
    continuedAsNew: 0,
    largestEvents: 0,
    largestBytes: 0,
    scanned: 0,
    largestPayloadBytes: 0,
    events: new Map(),
  };
}

/** Bytes of the largest payload anywhere below: whatever has data and metadata is one. */
function largestPayload(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if ('data' in value && 'metadata' in value && value.data instanceof Uint8Array) return value.data.length;
  return Object.values(value).reduce<number>((most, part) => Math.max(most, largestPayload(part)), 0);
}
