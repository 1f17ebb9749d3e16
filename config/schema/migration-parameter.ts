import { z } from 'zod';
import { inputPartitionAllowed, isInputPartition } from './input-partition.js';
import { allowed, schemaReference, unknownKeys } from './strict-object.js';

export const filterPrefix = 'source_filter_';

export const jobMode = z.enum(['resume', 'restart'], allowed("'resume' or 'restart'"));

export const inputPartition = z
  .string(allowed(inputPartitionAllowed))
  .refine(isInputPartition, allowed(inputPartitionAllowed))
  .meta({ pattern: '^\\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\\d|3[01])?$' });

const shape = {
  $schema: schemaReference,
  job_mode: jobMode
    .default('resume')
    .describe(
      'resume: import only what is missing. restart: remove what input_partition covers, then import.',
    ),
  log_level: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'], allowed("'DEBUG', 'INFO', 'WARN' or 'ERROR'"))
    .default('INFO'),
  input_partition: inputPartition
    .optional()
    .describe(
      'Month YYYYMM or day YYYYMMDD to migrate; left out for all rows. Rows of a run meet this and the filter.',
    ),
  partition_col_date: z
    .string(allowed('the name of a column of the source tables'))
    .min(1, allowed('the name of a column of the source tables'))
    .optional()
    .describe('Column of the source tables by whose date rows are cut into chunks.'),
};

/** The migration parameter, one file per category; `source_filter_<table>` holds a T-SQL predicate. */
export const migrationParameterSchema = z
  .object(shape, allowed('an object'))
  .catchall(z.string(allowed('a T-SQL predicate as text')))
  .superRefine((value, context) => {
    const known = Object.keys(shape);
    const unknown = Object.keys(value).filter((key) => !known.includes(key) && !key.startsWith(filterPrefix));
    if (unknown.length === 0) return;
    context.addIssue({ code: 'custom', message: unknownKeys(unknown, [...known, `${filterPrefix}<table>`]) });
  })
  .meta({ title: 'Migration parameter of one category' });

export type MigrationParameter = z.infer<typeof migrationParameterSchema>;
