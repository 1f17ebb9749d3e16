import { z } from 'zod';
import { engineSchema, glueSchema } from './engine.js';
import { guardSchema } from './guard.js';
import { retentionSchema } from './retention.js';
import { allowed, schemaReference, strictObject, whole } from './strict-object.js';
import { targetSchema } from './target.js';

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, allowed(values.map((value) => `'${value}'`).join(' or ')));
const truth = z.boolean(allowed('true or false'));
const name = z
  .string(allowed('a name'))
  .min(1, allowed('a name'))
  .max(63, allowed('a name of at most 63 characters'));

const memoryAllowed = "a size such as '1GB' or '512MB'";

/** What the two founding parameters cannot say; one file per category. */
export const categoryFileSchema = strictObject({
  $schema: schemaReference,
  targets: z.array(targetSchema, allowed('a list of targets')).min(1, allowed('at least one target')),
  consistency: oneOf(['snapshot', 'rcsi', 'quiesced'])
    .default('snapshot')
    .describe(
      'snapshot: one SNAPSHOT transaction per chunk. rcsi: one statement per table. quiesced: nothing writes.',
    ),
  engine: engineSchema,
  glue: glueSchema.prefault({}),
  concurrency: strictObject({
    perServer: whole(1, 256, 'sessions').default(4).describe('Sessions on one source server at a time.'),
  }).prefault({}),
  guard: z
    .record(z.string(), guardSchema, allowed('a guard per server alias'))
    .default({})
    .describe('Per server alias, what watches it while it is read and shrinks its limit when it suffers.'),
  attention: strictObject({
    wait: whole(0, 31_536_000, 'seconds')
      .default(259_200)
      .describe(
        'Seconds that a run with parked chunks waits for retry or skip before it fails; 0 fails at once.',
      ),
  }).prefault({}),
  poison: oneOf(['park', 'quarantine'])
    .default('park')
    .describe(
      'What becomes of a row that the target cannot hold. park: its chunk waits for an operator. quarantine: the row goes to a file in STATS_BUCKET, the rest of the chunk to the target.',
    ),
  poisonLimit: whole(1, 10_000, 'rows')
    .default(100)
    .describe('Rows of one chunk that may be quarantined; with more of them the chunk parks all the same.'),
  sourceChecksum: oneOf(['server', 'reader'])
    .default('server')
    .describe(
      'server: SQL Server hashes the rows of a chunk itself, which reads them once more. reader: only what was read is hashed.',
    ),
  storage: strictObject({
    partRows: whole(1, 100_000_000, 'rows').default(250_000).describe('Rows of one Parquet part.'),
  }).prefault({}),
  retention: retentionSchema.prefault({}),
  duckdb: strictObject({
    memoryLimit: z
      .string(allowed(memoryAllowed))
      .regex(/^[1-9]\d*(\.\d+)? ?[KMGT]i?B$/, allowed(memoryAllowed))
      .default('144MB')
      .describe('Memory for the transforms of one activity process; beyond it DuckDB spills to SPILL_DIR.'),
    threads: whole(1, 256, 'threads').default(2).describe('Of one activity process.'),
  }).prefault({}),
  maxValue: whole(1, 1_000, 'megabytes')
    .default(256)
    .describe('Megabytes of one value at the source; a larger one is poison before memory is taken for it.'),
  stall: whole(5, 86_400, 'seconds')
    .default(300)
    .describe('Seconds without progress after which a step is aborted and tried again.'),
  slow: strictObject({
    factor: whole(2, 1_000, 'times')
      .default(5)
      .describe(
        'How many times as long as the median chunk of the run a chunk may take before it is shown as slow.',
      ),
    atLeast: whole(1, 86_400, 'seconds')
      .default(60)
      .describe('Chunks that take less are never shown as slow.'),
  }).prefault({}),
  finalize: strictObject({
    enabled: truth.default(true).describe('Build the target table from the stage and swap it in.'),
    targetSchema: name.default('mart'),
    dependents: oneOf(['refuse', 'recreate'])
      .default('refuse')
      .describe('What to do where views or foreign keys depend on the live table.'),
  }).prefault({}),
}).meta({ title: 'Category' });

export type CategoryFile = z.infer<typeof categoryFileSchema>;
