import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ReportSummary } from '../../../activities/contract';
import { type CategoryStatus, controls, type Pause, statusQuery } from '../../../workflows/messages';
import { categoryStatus } from '../../support/category-status';

export { steerCategory } from '../../../workflows/steer-category';

/** How the test ends a run: a state, the code of a failure, or `renew` to have it continue as new. */
export const endSignal = defineSignal<[string]>('end');

interface FakeInput {
  readonly category: string;
  readonly renewed?: true;
}

/** Obeys the controls of the real one, as far as a command line can tell, and copies nothing. */
export async function migrateCategory(input: FakeInput): Promise<ReportSummary> {
  const { category, renewed } = input;
  let status: CategoryStatus = categoryStatus({ category, runId: workflowInfo().firstExecutionRunId });
  let end: string | undefined;
  const change = (changes: Partial<CategoryStatus>): CategoryStatus => {
    status = { ...status, ...changes };
    return status;
  };
  const pause = ({ mode = 'drain', scope = {}, by = 'operator' }: Partial<Pause> = {}): CategoryStatus =>
    change({ pauses: [...status.pauses, { mode, scope, by }] });
  const resume = ({ by }: { readonly by?: string } = {}): CategoryStatus =>
    change({ pauses: status.pauses.filter((held) => by !== undefined && held.by !== by) });
  const refuseServer = (server: string | undefined): void => {
    if (server !== undefined && !['server01', 'server02', '*'].includes(server))
      throw new Error(`there is no server '${server}'.`);
  };

  setHandler(statusQuery, () => status);
  setHandler(controls.pause.signal, (request) => void pause(request));
  setHandler(controls.resume.signal, (request) => void resume(request));
  setHandler(controls.pause.update, pause, { validator: (request) => refuseServer(request?.scope?.server) });
  setHandler(controls.resume.update, resume);
  setHandler(
    controls.setConcurrency.update,
    ({ total, perServer = {} }) => {
      const { total: before, ...rest } = status;
      const wanted = total === undefined ? before : (total ?? undefined);
      status = { ...rest, ...(wanted !== undefined && { total: wanted }) };
      const limitOf = (server: string, limit: number) => perServer[server] ?? perServer['*'] ?? limit;
      return change({
        servers: status.servers.map((server) => {
          const limit = limitOf(server.server, server.limit);
          return { ...server, limit, now: limit };
        }),
      });
    },
    { validator: ({ perServer = {} }) => Object.keys(perServer).forEach(refuseServer) },
  );
  setHandler(controls.retry.update, (request) => {
    change({ warnings: [...status.warnings, JSON.stringify(request)] });
    return { resolved: 1, parked: 0 };
  });
  setHandler(controls.skip.update, async (request) => {
    // Accepted, and never answered before the next execution of the run.
    if (request.reason === 'slow') await condition(() => renewed === true);
    change({ warnings: [...status.warnings, JSON.stringify(request)] });
    return { resolved: 1, parked: 2 };
  });
  // There is something to take over the first time.
  setHandler(controls.reload.update, () => {
    const fields = status.warnings.includes('reloaded') ? [] : ['log_level', 'stall'];
    change({ warnings: [...status.warnings, 'reloaded'] });
    return { fields };
  });
  setHandler(controls.stop.update, ({ mode = 'drain' }) => {
    end = 'STOPPED';
    return change({ stopping: mode });
  });
  setHandler(endSignal, (state) => {
    if (state === 'park') change({ phase: 'NEEDS_ATTENTION', chunks: { ...status.chunks, parked: 1 } });
    else end = state;
  });

  await condition(() => end !== undefined);
  if (end === 'renew') return continueAsNew<typeof migrateCategory>({ category, renewed: true });
  if (end !== 'COMPLETED' && end !== 'STOPPED')
    throw ApplicationFailure.create({ type: end ?? '', message: 'ended on purpose', nonRetryable: true });
  return {
    ...{ state: end, report: 'file:///report.json', rows: 10, rowsQuarantined: 0 },
    ...{ chunksDone: 4, chunksParked: 0, chunksSkipped: 1 },
  };
}
