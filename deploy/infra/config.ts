import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { migrationParameterSchema } from '../../config/schema/migration-parameter.js';
import { serverMappingsSchema } from '../../config/schema/server-mappings.js';

const id = (kind: string) =>
  z
    .string()
    .regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), { error: `has to be like ${kind}-0123456789abcdef0` });
const count = (least: number, most: number) => z.int().min(least).max(most);
const path = z.string().min(1);

/** What Fargate offers: for each CPU size the least and the most memory, in steps of 1 GiB. */
const fargateMemory: Readonly<Record<number, readonly [least: number, most: number]>> = {
  256: [512, 2_048],
  512: [1_024, 4_096],
  1024: [2_048, 8_192],
  2048: [4_096, 16_384],
  4096: [8_192, 30_720],
  8192: [16_384, 61_440],
  16384: [32_768, 122_880],
};
const task = z.strictObject({ cpu: z.int(), memoryMiB: z.int() });

function fits({ cpu, memoryMiB }: z.infer<typeof task>): boolean {
  const [least, most] = fargateMemory[cpu] ?? [1, 0];
  return memoryMiB >= least && memoryMiB <= most && (memoryMiB % 1_024 === 0 || memoryMiB === 512);
}
const fitting = {
  error: 'is no size of Fargate: cpu 256 to 16384 by doubling, and memoryMiB 2 to 8 times cpu in whole GiB',
};

const category = z.strictObject({
  /** File with the migration parameter, in the founding shape. */
  parameter: path,
  /** Jobs of AWS Glue for this category; left out, it runs on the embedded engine only. */
  glue: z
    .strictObject({
      tables: z.array(z.string().min(1)).min(1),
      workerType: z.enum(['G.1X', 'G.2X', 'G.4X', 'G.8X']),
      workers: count(2, 299),
    })
    .optional(),
  /** A backstop behind the clean-up: after so many days objects of this category expire; what has none is kept. */
  retentionDays: z
    .strictObject({
      raw: count(1, 3_650).optional(),
      transformed: count(1, 3_650).optional(),
      quarantine: count(1, 3_650).optional(),
    })
    .default({}),
});

const temporal = z.union([
  z.strictObject({
    address: z.string().regex(/^[a-z0-9.-]+:\d{1,5}$/i, { error: 'has to be host:port' }),
    namespace: z.string().min(1),
    /** Both take TLS; the key, or the client's certificate and its key, are put into the secret `<name>/temporal`. */
    authentication: z.enum(['apiKey', 'clientCertificate']),
  }),
  z.strictObject({
    /** Within the stack, for trials: one server, and its database. */
    selfHosted: z.strictObject({ image: z.string().min(1), databaseVersion: z.string().regex(/^\d+\.\d+$/) }),
  }),
]);

const schema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{1,20}$/, { error: 'has to be 2 to 21 of a-z, 0-9 and -' }),
    account: z.string().regex(/^\d{12}$/, { error: 'has to be 12 digits, as text' }),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'has to be like eu-west-1' }),
    network: z.strictObject({
      vpc: id('vpc'),
      availabilityZones: z.array(z.string()).min(2),
      privateSubnets: z.array(id('subnet')).min(2),
      /** False where those subnets have a gateway to S3 already: a route table takes one. */
      createS3Gateway: z.boolean().default(true),
      /** Of those subnets, for the gateway to S3. */
      privateRouteTables: z.array(id('rtb')).min(1),
    }),
    image: z.strictObject({ tag: z.string().regex(/^[\w][\w.-]{0,127}$/) }),
    sources: z.strictObject({
      /** Where the SQL Servers are. */
      networks: z.array(z.cidrv4()).min(1),
      port: count(1, 65_535),
      /** PEM file in the image with the authority of their certificates; left out, the public ones. */
      caFile: path.optional(),
      /** The same authority for jobs of Glue: name of a PKCS#12 file below `drivers/` in the stats bucket. */
      trustStore: z
        .string()
        .regex(/^[\w.-]+\.p12$/, { error: 'has to be the name of a .p12 file, without folders' })
        .optional(),
      /** Login of the secret `<name>/source`. */
      user: z.string().min(1),
    }),
    target: z.strictObject({
      endpoint: z.string().regex(/^[a-z0-9.-]+(:\d{1,5})?$/i, { error: 'has to be host or host:port' }),
      database: z.string().min(1),
      user: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'has to be the name of a role' }),
      clusterResourceId: z
        .string()
        .regex(/^(cluster|db)-[A-Z0-9]+$/, { error: 'has to be like cluster-ABCDEFGHIJ, not the name' }),
      securityGroup: id('sg'),
    }),
    temporal,
    serverMappings: path,
    categories: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), category),
    workflowWorkers: task.extend({ count: count(1, 20) }).refine(fits, fitting),
    activityWorkers: task
      .extend({ diskGiB: count(21, 200), least: count(1, 1_000), most: count(1, 1_000) })
      .refine(fits, fitting)
      .refine(({ least, most }) => least <= most, { error: 'has more for "least" than for "most"' }),
    logRetentionDays: z.union([30, 60, 90, 180, 365].map((days) => z.literal(days))),
    alarms: z.strictObject({ email: z.email().optional() }),
  })
  .refine(({ network }) => network.privateSubnets.length === network.availabilityZones.length, {
    error: 'has not as many subnets as availability zones: name one of each zone, in the same order',
    path: ['network', 'privateSubnets'],
  })
  .refine(
    ({ sources, categories }) =>
      sources.caFile === undefined ||
      sources.trustStore !== undefined ||
      Object.values(categories).every(({ glue }) => glue === undefined),
    {
      error:
        'is missing: jobs of Glue cannot read sources.caFile, so name the PKCS#12 file with the same authority',
      path: ['sources', 'trustStore'],
    },
  )
  .superRefine(({ categories }, context) => {
    const owners = new Map<string, string>();
    for (const [category, { glue }] of Object.entries(categories))
      for (const table of glue?.tables ?? []) {
        const owner = owners.get(table);
        if (owner !== undefined)
          context.addIssue({
            code: 'custom',
            path: ['categories', category, 'glue', 'tables'],
            message: `names '${table}' again, whose job category '${owner}' makes: leave it out here, as both use that job`,
          });
        owners.set(table, category);
      }
  });

type Checked = z.infer<typeof schema>;

/** All that differs between accounts, with the two kinds of parameters read from their files. */
export interface InfraConfig extends Omit<Checked, 'serverMappings' | 'categories'> {
  /** JSON text of the parameter. */
  readonly serverMappings: string;
  readonly categories: Readonly<Record<string, Category>>;
}
export type Category = Omit<z.infer<typeof category>, 'parameter'> & {
  /** JSON text of the parameter. */
  readonly parameter: string;
};

/** Where AWS ends a parameter of the advanced tier. */
const mostParameterBytes = 8_192;

/**
 * Reads and checks a configuration and the parameter files that it names, whose paths start from the working directory.
 * @throws Error naming the file, every wrong field, and what is allowed
 */
export function loadConfig(file: string): InfraConfig {
  const checked = check(file, schema, readJson(file));
  return {
    ...checked,
    serverMappings: parameterText(checked.serverMappings, serverMappingsSchema),
    categories: Object.fromEntries(
      Object.entries(checked.categories).map(([name, { parameter, ...rest }]) => [
        name,
        { ...rest, parameter: parameterText(parameter, migrationParameterSchema) },
      ]),
    ),
  };
}

/** A parameter must be what the product accepts, and has no use for an editor's schema. */
function parameterText(file: string, shape: z.ZodType): string {
  const value = readJson(file);
  check(file, shape, value);
  const { $schema: _, ...parameter } = value as Record<string, unknown>;
  const text = JSON.stringify(parameter);
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostParameterBytes) return text;
  throw new Error(
    `${file}: is ${bytes} bytes; Parameter Store takes ${mostParameterBytes}. Mount it as a file below CONFIG_DIR instead.`,
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(resolve(file), 'utf8'));
  } catch (error) {
    throw new Error(`${file}: cannot be read as JSON: ${(error as Error).message}`);
  }
}

function check<S extends z.ZodType>(file: string, shape: S, value: unknown): z.infer<S> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const at = issue.path.join('.') || 'the whole';
    return `  field '${at}' ${issue.message}`;
  });
  throw new Error(`${file}:\n${lines.join('\n')}`);
}
