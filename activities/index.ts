import { outsideAllowedHours } from './allowed-hours.js';
import { checksumChunk } from './checksum-chunk.js';
import { chunkActivities } from './chunks.js';
import type { CleanUpActivities } from './clean-up/contract.js';
import { cleanUpActivities } from './clean-up/index.js';
import type { Activities } from './contract.js';
import { copyChunk } from './copy-chunk.js';
import type { Dependencies } from './dependencies.js';
import { exportChunk } from './export-chunk.js';
import { finalizeTarget } from './finalize-target.js';
import { importChunk } from './import-chunk.js';
import { describeRun, openRun } from './open-run.js';
import { planDatabase } from './plan-database.js';
import { prepareTargets } from './prepare-targets.js';
import { readProgress } from './read-progress.js';
import { reloadRun } from './reload-run.js';
import { RunContexts } from './run-context.js';
import { scanActivities } from './scan-database.js';
import { scanRange } from './scan-range.js';
import { recordSourceLimit } from './source-limits.js';
import { transformChunk } from './transform-chunk.js';
import { transformWhole } from './transform-whole.js';
import { watchSource } from './watch-source.js';
import { workflowControlActivities } from './workflow-control.js';
import { writeReport } from './write-report.js';

/** Every activity, over the outside systems that it is given. */
export function createActivities(deps: Dependencies): Activities & CleanUpActivities {
  const contexts = new RunContexts(deps);
  return {
    outsideAllowedHours: outsideAllowedHours(),
    ...workflowControlActivities(),
    describeRun: describeRun(deps),
    openRun: openRun(deps),
    reloadRun: reloadRun(deps),
    planDatabase: planDatabase(deps, contexts),
    prepareTargets: prepareTargets(deps, contexts),
    ...chunkActivities(deps, contexts),
    ...scanActivities(deps, contexts),
    scanRange: scanRange(deps, contexts),
    exportChunk: exportChunk(deps, contexts),
    copyChunk: copyChunk(deps, contexts),
    transformChunk: transformChunk(deps, contexts),
    transformWhole: transformWhole(deps, contexts),
    importChunk: importChunk(deps, contexts),
    checksumChunk: checksumChunk(deps, contexts),
    readProgress: readProgress(deps, contexts),
    watchSource: watchSource(deps, contexts),
    recordSourceLimit: recordSourceLimit(deps),
    finalizeTarget: finalizeTarget(deps, contexts),
    writeReport: writeReport(deps, contexts),
    ...cleanUpActivities(deps),
  };
}
