import {
  correctSourceLimit,
  hasSourceLimits,
  writeSourceLimit,
} from '../engine/postgres/control/source-limits.js';
import type { Activities } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { runStep } from './step.js';

/** Keeps a server's present limit where every session that is opened there finds how many locks there are. */
export function recordSourceLimit(deps: Dependencies): Activities['recordSourceLimit'] {
  return ({ endpoint, limit, set }) =>
    runStep(async () => {
      // A gate speaks before the first run has made the schema; until then sessions go by what the run configures.
      if (!(await hasSourceLimits(deps.target))) return { kept: !set };
      await (set ? writeSourceLimit : correctSourceLimit)(deps.target, endpoint, limit);
      return { kept: true };
    });
}
