import { safeAgeHours } from '../age.js';
import { strictObject, whole } from './strict-object.js';

const days = (what: string) =>
  whole(safeAgeHours / 24, 36_500, 'days')
    .exactOptional()
    .describe(`Days after which a clean-up takes away ${what}; without it they are kept for ever.`);

/** What `migrate clean-up` may take away of a category, and when. */
export const retentionSchema = strictObject({
  rawDays: days('the raw parts of chunks that are done'),
  transformedDays: days('the transformed parts of chunks that are done'),
  quarantineDays: days('quarantine files, which may be the only copy of their rows outside of the source'),
  statsDays: days('reports and statistics'),
  orphanHours: whole(safeAgeHours, 876_000, 'hours')
    .default(safeAgeHours)
    .describe('Hours after which a clean-up takes away what an attempt has left that never came to count.'),
});
