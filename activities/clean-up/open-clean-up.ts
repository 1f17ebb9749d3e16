import { parseAge } from '../../config/age.js';
import { loadRunConfig } from '../../config/load.js';
import type { Retention } from '../../config/run-config.js';
import type { Dependencies } from '../dependencies.js';
import { runStep } from '../step.js';
import type { CleanUpInput, CleanUpRules } from './contract.js';

/** By the category's files as they are now: what a run was started with says nothing about what is kept of it. */
export function openCleanUp({ environment }: Dependencies) {
  return ({ category, olderThan }: CleanUpInput): Promise<CleanUpRules> =>
    runStep(async () => {
      const floor = olderThan === undefined ? 0 : parseAge(olderThan);
      const { retention } = await loadRunConfig({ category }, environment);
      return rulesOf(retention, floor, Date.now());
    });
}

/** Ages in hours, none of them below `floor`. */
export function rulesOf(retention: Retention, floor: number, at: number): CleanUpRules {
  const { rawDays, transformedDays, quarantineDays, statsDays, orphanHours } = retention;
  const hours = (days: number): number => Math.max(24 * days, floor);
  return {
    at,
    orphanHours: Math.max(orphanHours, floor),
    ...(rawDays !== undefined && { rawHours: hours(rawDays) }),
    ...(transformedDays !== undefined && { transformedHours: hours(transformedDays) }),
    ...(quarantineDays !== undefined && { quarantineHours: hours(quarantineDays) }),
    ...(statsDays !== undefined && { statsHours: hours(statsDays) }),
  };
}
