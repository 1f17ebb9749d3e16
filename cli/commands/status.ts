import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { categoryCommand } from '../category-command.js';
import { statusCommand } from '../explain.js';
import { runLines } from '../output/run-lines.js';
import { exitOf, queryStatus, type RunView, requireRun } from '../run.js';
import type { Common, Session } from '../session.js';
import { answerWithinMs } from '../temporal.js';

/** `migrate status`: the state of the latest run, at this moment. */
export function addStatus(program: Command, session: Session): void {
  categoryCommand(
    program,
    'status',
    'state, totals, limits, rate and parked chunks of the latest run',
  ).action((category: string, options: Common) =>
    session.perform(options, {
      explain: (temporal) => [statusCommand(temporal, category)],
      run: async () => {
        const view = await readView(await session.client(), category);
        await session.show(options, view, () => runLines(view));
        return view.state === 'RUNNING' && view.status === undefined ? 'unreachable' : exitOf(view);
      },
    }),
  );
}

async function readView(client: Client, category: string): Promise<RunView> {
  const run = await requireRun(client, category);
  const status = run.state === 'RUNNING' ? await queryStatus(client, category, answerWithinMs) : undefined;
  return { ...run, ...(status !== undefined && { status }) };
}
