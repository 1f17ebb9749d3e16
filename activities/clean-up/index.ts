import type { Dependencies } from '../dependencies.js';
import { cleanUpPage } from './clean-up-page.js';
import type { CleanUpActivities } from './contract.js';
import { openCleanUp } from './open-clean-up.js';
import { reportCleanUp } from './report-clean-up.js';

/** Everything that the clean-up's workflow asks for. */
export function cleanUpActivities(deps: Dependencies): CleanUpActivities {
  return {
    openCleanUp: openCleanUp(deps),
    cleanUpPage: cleanUpPage(deps),
    reportCleanUp: reportCleanUp(deps),
  };
}
