import { changesBetween } from '../config/compare.js';
import { loadRunConfig } from '../config/load.js';
import type { RunConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { lockRun, recordReload } from '../engine/postgres/control/reloads.js';
import type { Activities } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { summaryOf } from './open-run.js';
import { runStep } from './step.js';

/**
 * Reads the configuration anew for a run that is under way. What only steers takes effect with the steps that begin
 * from now on; where anything has changed that decides what the run brings, nothing does.
 */
export function reloadRun(deps: Dependencies): Activities['reloadRun'] {
  return ({ request, ...input }) =>
    runStep(async ({ signal }) => {
      const loaded = await loadRunConfig(input, deps.environment);
      // As the control table gives it back.
      const config = JSON.parse(JSON.stringify(loaded)) as RunConfig;
      return deps.target.transaction(async (client) => {
        const { config: recorded, reloads } = await lockRun(client, input.runId);
        const known = reloads.find((reload) => reload.request === request);
        const { steering: fields, deciding } = changesBetween(recorded as RunConfig, config);
        if (known !== undefined || (fields.length === 0 && deciding.length === 0))
          return {
            fields: known?.fields ?? [],
            revision: reloads.length,
            summary: summaryOf(recorded as RunConfig),
          };
        if (deciding.length > 0) throw refused(deciding);
        await recordReload(client, input.runId, config, { request, fields });
        return { fields, revision: reloads.length + 1, summary: summaryOf(config) };
      }, signal);
    });
}

const shownFields = 10;

function refused(fields: readonly string[]): MigrationError {
  const more = fields.length > shownFields ? ` and ${fields.length - shownFields} more` : '';
  return new MigrationError(
    'RELOAD_REFUSED',
    `Nothing was changed: ${fields.slice(0, shownFields).join(', ')}${more} decide what a run brings, and a change of that takes effect on the next run. Take it back to reload the rest.`,
  );
}
