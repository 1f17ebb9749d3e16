import { z } from 'zod';
import { allowed, strictObject, whole } from './strict-object.js';

const engines = ['embedded', 'glue'] as const;

const name = z.enum(engines, allowed("'embedded' or 'glue'"));
const pattern = (example: string) =>
  z
    .string(allowed(`a job's name, such as '${example}'`))
    .regex(/^[^\p{Cc}]{1,255}$/u, allowed(`a job's name, such as '${example}'`));

/** Who reads the source and who joins: the worker itself, or a job of AWS Glue. */
export const engineSchema = z
  .union(
    [
      name,
      strictObject({
        export: name.default('embedded').describe('Who reads the source tables.'),
        transform: name.default('embedded').describe('Who runs the transform.'),
      }),
    ],
    allowed("'embedded', 'glue', or an object with 'export' and 'transform', each one of the two"),
  )
  .default('embedded')
  .describe('embedded: in the worker, by its own reader and DuckDB. glue: by jobs of AWS Glue (Spark).');

/** How jobs of AWS Glue are called and run; only where an engine is glue. */
export const glueSchema = strictObject({
  exportJob: pattern('{table}_ExportMssqlToRaw')
    .optional()
    .describe(
      'Name of the job that exports, with {table} and {category} filled in; the founding one unless given.',
    ),
  transformJob: pattern('{category}_rawToTransformed')
    .optional()
    .describe('Name of the job that transforms, with {category} filled in; the founding one unless given.'),
  workerType: z
    .string(allowed("a worker type of Glue, such as 'G.1X'"))
    .regex(/^[A-Z]\.\d{1,3}X$/, allowed("a worker type of Glue, such as 'G.1X'"))
    .optional()
    .describe('Worker type of each run; as the job is defined unless given.'),
  workers: whole(2, 299, 'workers')
    .optional()
    .describe('Workers of each run; as the job is defined unless given.'),
  timeoutMinutes: whole(1, 1_440, 'minutes').default(480).describe('Minutes after which Glue ends a run.'),
  secretId: z
    .string(allowed('name or ARN of a secret in Secrets Manager'))
    .min(1, allowed('name or ARN of a secret in Secrets Manager'))
    .optional()
    .describe("Secret that export jobs log in with; the one of the workers' SOURCE_SECRET_ID unless given."),
  trustStore: strictObject({
    path: z.string(allowed('a path')).min(1, allowed('a path')),
    password: z.string(allowed('a text')).min(1, allowed('a text')),
  })
    .optional()
    .describe(
      'PKCS#12 file with the authorities that signed the SQL Servers, on the disk of the Spark machines; those that Java trusts unless given.',
    ),
});
