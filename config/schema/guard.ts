import { z } from 'zod';
import { allowed, strictObject, whole } from './strict-object.js';

const queryAllowed = 'a T-SQL query that gives one number, or the path of an .sql file with one';
const number = z.number(allowed('a number from 0')).min(0, allowed('a number from 0'));

/** What watches one source server while it is read. */
export const guardSchema = strictObject({
  query: z
    .string(allowed(queryAllowed))
    .min(1, allowed(queryAllowed))
    .describe(
      'T-SQL that gives one row with one number; or an .sql file with it, relative to the directory that holds the configuration directory.',
    ),
  threshold: number.describe('Above it the limit of the server shrinks, step by step.'),
  recover: number
    .optional()
    .describe('At or below it the limit grows back, step by step; 80 % of the threshold unless given.'),
  every: whole(1, 3_600, 'seconds').default(10).describe('Seconds between two looks.'),
});

export type Guard = z.infer<typeof guardSchema>;
