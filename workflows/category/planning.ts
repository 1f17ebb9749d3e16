import { CancellationScope } from '@temporalio/workflow';
import { RunStopped } from './holding.js';

export interface PlanWork {
  /** Databases that are not planned, by index. */
  readonly unplanned: readonly number[];
  /** Address of the server that a database is on. */
  readonly endpointOf: (index: number) => string;
  readonly plan: (index: number) => Promise<void>;
  /** Whether the history is long enough to go on in a new one. */
  readonly full: () => boolean;
}

/**
 * Plans one database of each server at a time, as planning takes a session there too. Returns those that are left when
 * the history is full. Throws what one plan failed with, once the others have been cancelled and have ended.
 */
export async function planAll({ unplanned, endpointOf, plan, full }: PlanWork): Promise<readonly number[]> {
  const left = new Set(unplanned);
  const planServer = async (endpoint: string): Promise<void> => {
    for (const index of unplanned.filter((candidate) => endpointOf(candidate) === endpoint)) {
      if (full()) return;
      await plan(index);
      left.delete(index);
    }
  };
  const scope = new CancellationScope();
  const failures: unknown[] = [];
  const servers = [...new Set(unplanned.map(endpointOf))].map((endpoint) =>
    scope
      .run(() => planServer(endpoint))
      .catch((error: unknown) => {
        failures.push(error);
        // Of a run that drains each plan ends by itself.
        if (!(error instanceof RunStopped)) scope.cancel();
      }),
  );
  await Promise.all(servers);
  if (failures.length > 0) throw failures[0];
  return [...left];
}
