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
      const { retention, targets } = await loadRunConfig({ category }, environment);
      const wholes = targets.flatMap(({ name, scope }) => (scope === 'chunk' ? [] : [name]));
      return { ...agesOf(retention, floor), at: Date.now(), wholes };
    });
}

/** Ages in hours, none of them below `floor`. */
function agesOf(retention: Retention, floor: number): Omit<CleanUpRules, 'at' | 'wholes'> {
  const { rawDays, transformedDays, quarantineDays, statsDays, orphanHours } = retention;
  const hours = (days: number): number => Math.max(24 * days, floor);
  return {
    orphanHours: Math.max(orphanHours, floor),
    ...(rawDays !== undefined && { rawHours: hours(rawDays) }),
    ...(transformedDays !== undefined && { transformedHours: hours(transformedDays) }),
    ...(quarantineDays !== undefined && { quarantineHours: hours(quarantineDays) }),
    ...(statsDays !== undefined && { statsHours: hours(statsDays) }),
  };
}
