import { z } from 'zod';
import type { Policy } from '../../engine/rows/fits.js';
import { allowed, strictObject, whole } from './strict-object.js';

const nameAllowed = 'a name of 1 to 63 bytes';
/** PostgreSQL cuts names at 63 bytes without a word; control characters would break messages. */
const postgresName = z
  .string(allowed(nameAllowed))
  .regex(/^[^\p{Cc}]+$/u, allowed(nameAllowed))
  .refine((text) => Buffer.byteLength(text) <= 63, allowed(nameAllowed))
  .meta({ maxLength: 63 });
const sourceName = z
  .string(allowed('a name of 1 to 128 characters'))
  .regex(/^[^\p{Cc}]{1,128}$/u, allowed('a name of 1 to 128 characters'));
const policies = ['fail', 'replace', 'round', 'truncate', 'bytes'] as const satisfies readonly Policy[];
const truth = z.boolean(allowed('true or false'));

const column = strictObject({
  name: postgresName,
  type: z
    .string(allowed('a PostgreSQL type'))
    .describe(
      'PostgreSQL type: boolean, smallint, integer, bigint, numeric(p,s), real, double precision, date, time(p), timestamp(p), timestamptz(p), uuid, varchar(n), text, bytea, json.',
    ),
  nullable: truth.default(true),
  policy: z
    .enum(policies, allowed(policies.map((policy) => `'${policy}'`).join(', ')))
    .optional()
    .describe(
      'What becomes of a value that the column cannot hold; without it the types must fit. fail: its row is poison. replace: U+FFFD for U+0000 and, without a transform, for what is no character. round, truncate: fraction digits; truncate also what is too long. bytes: a text, copied without a transform into bytea, as the bytes that the source has it in.',
    ),
});

const source = strictObject({
  schema: sourceName.default('dbo'),
  table: sourceName,
  chunkColumn: sourceName
    .optional()
    .describe('Chunking column, where it is not partition_col_date or, by key, not chunk.column.'),
});

const chunk = strictObject({
  by: z
    .enum(['date', 'key', 'none'], allowed("'date', 'key' or 'none'"))
    .default('date')
    .describe(
      'date: windows of a date column. key: ranges of a key, the same for all source tables of a join. none: one chunk per database.',
    ),
  grain: z.enum(['day', 'month'], allowed("'day' or 'month'")).default('day'),
  column: sourceName
    .optional()
    .describe("By key: the key column, of those source tables that name no 'chunkColumn' of their own."),
  rows: whole(1, 1_000_000_000, 'rows')
    .default(1_000_000)
    .describe('By key: rows of a chunk, over all source tables; only a single key may have more.'),
  allowScans: truth
    .default(false)
    .describe('Accept that each window scans a whole source table that has no index on the chunking column.'),
  onePass: truth
    .default(false)
    .describe(
      'By date: read each source table once for all windows, in ranges of its clustered key. Needs "consistency": "quiesced".',
    ),
  scanRows: whole(1, 1_000_000_000, 'rows')
    .default(5_000_000)
    .describe('With onePass: rows of a range, which is what is read again after a failure.'),
});

/** A table in PostgreSQL, its source tables, and one transform; with none, a plain copy of the one source. */
export const targetSchema = strictObject({
  table: postgresName.describe('Name of the target table and of its stage table.'),
  stageSchema: postgresName.default('stage'),
  columns: z.array(column, allowed('a list of columns')).min(1, allowed('at least one column')),
  primaryKey: z
    .array(postgresName, allowed('a list of column names'))
    .min(1, allowed('at least one column'))
    .describe('Columns of the primary key of the target table; none of them nullable.'),
  partitionColumn: postgresName
    .optional()
    .describe('Date or timestamp column by whose month the stage table is partitioned.'),
  sources: z.array(source, allowed('a list of source tables')).min(1, allowed('at least one source table')),
  transform: z
    .string(allowed('a path'))
    .min(1, allowed('a path'))
    .optional()
    .describe('SQL file, relative to the directory that holds the configuration directory.'),
  path: z
    .enum(['staged', 'direct'], allowed("'staged' or 'direct'"))
    .default('staged')
    .describe(
      'staged: through Parquet parts in RAW_BUCKET. direct: from the source into the stage in one step; only without a transform.',
    ),
  joinKeys: z
    .enum(['exact', 'casefold_rtrim'], allowed("'exact' or 'casefold_rtrim'"))
    .optional()
    .describe(
      'How text keys are compared in joins: by bytes, or without case and trailing blanks as SQL Server does.',
    ),
  scope: z
    .enum(['chunk', 'database', 'category'], allowed("'chunk', 'database' or 'category'"))
    .default('chunk')
    .describe(
      'Where a transform looks for matches. chunk: in the rows of one window. database: in all windows of a database. category: in all databases. The wider ones export every window first, then transform all of them at once.',
    ),
  chunk: chunk.prefault({}),
});

export type Target = z.infer<typeof targetSchema>;
