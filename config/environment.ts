import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { type ParameterNames, parameterNames, parameterVariables } from './parameter-names.js';
import { type SourceIdentity, sourceIdentity, sourceVariables } from './source-credentials.js';
import { type StorageEnvironment, storageOf, storageVariables } from './storage-environment.js';
import { type TargetEnvironment, targetOf, targetVariables } from './target-environment.js';
import { type TemporalEnvironment, temporalTls, temporalTlsVariables } from './temporal-environment.js';
import { type Given, hostPort, required, requireFile } from './variables.js';

/** The process environment, checked. Secrets are behind functions so that no log or dump can show them. */
export interface Environment {
  readonly target: TargetEnvironment;
  readonly source: SourceIdentity & {
    /** PEM file of the certificate authority that signed the SQL Servers' certificates. */
    readonly caFile?: string;
  };
  /** Names of parameters in Parameter Store; what has none is in a file below `configDir`. */
  readonly parameters: ParameterNames;
  /** `file:///…` or `s3://bucket/prefix`. */
  readonly buckets: { readonly raw: string; readonly transformed: string; readonly stats: string };
  /** Of those buckets that are on S3. */
  readonly storage: StorageEnvironment;
  readonly temporal: TemporalEnvironment;
  /** Absolute directory of the configuration files. */
  readonly configDir: string;
  /** Absolute directory for scratch files. */
  readonly spillDir: string;
  /** How long a worker that is told to stop lets running steps go on. */
  readonly drainSeconds: number;
}

const bucketForms = "'file:///absolute/directory' or 's3://bucket/prefix'";
const bucket = required(bucketForms).regex(
  /^(file:\/\/\/.+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?)$/,
  {
    error: (issue) => `is '${issue.input}'; allowed: ${bucketForms}`,
  },
);

const temporalVariables = z.object({
  TEMPORAL_ADDRESS: z
    .string()
    .default('localhost:7233')
    .pipe(hostPort('host:port, for example localhost:7233')),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  ...temporalTlsVariables.shape,
});

const maxDrainSeconds = 86_400;

const variables = z.object({
  ...targetVariables.shape,
  RAW_BUCKET: bucket,
  TRANSFORMED_BUCKET: bucket,
  STATS_BUCKET: bucket,
  ...storageVariables.shape,
  ...sourceVariables.shape,
  ...parameterVariables.shape,
  ...temporalVariables.shape,
  CONFIG_DIR: z.string().default('config'),
  SPILL_DIR: z.string().default(join(tmpdir(), 'migrate')),
  DRAIN_SECONDS: z
    .string()
    .default('30')
    .transform((value, context) => {
      if (/^\d{1,5}$/.test(value) && Number(value) <= maxDrainSeconds) return Number(value);
      context.addIssue({
        code: 'custom',
        message: `is '${value}'; allowed: a whole number of seconds from 0 to ${maxDrainSeconds}`,
      });
      return z.NEVER;
    }),
});

/**
 * Reads and checks the environment. `.env` (or, without it, `.env.sandbox`) of the working directory fills
 * what the real environment does not set. An empty value counts as not set.
 * Throws CONFIG_INVALID naming every wrong variable and what is allowed, SECRET_MISSING without a password.
 */
export function loadEnvironment(): Environment {
  loadEnvFile();
  return parseEnvironment(process.env);
}

/** `loadEnvironment` over the given variables, with no file read. */
export function parseEnvironment(source: NodeJS.ProcessEnv): Environment {
  const given = settings(source);
  const checked = check(variables, given);
  return {
    target: targetOf(checked, given, 'writing'),
    source: {
      ...(checked.MSSQL_CA_FILE !== undefined && {
        caFile: requireFile('MSSQL_CA_FILE', checked.MSSQL_CA_FILE),
      }),
      ...sourceIdentity(checked, given),
    },
    parameters: parameterNames(checked),
    buckets: {
      raw: checked.RAW_BUCKET,
      transformed: checked.TRANSFORMED_BUCKET,
      stats: checked.STATS_BUCKET,
    },
    storage: storageOf(checked),
    temporal: temporalOf(checked),
    configDir: resolve(checked.CONFIG_DIR),
    spillDir: resolve(checked.SPILL_DIR),
    drainSeconds: checked.DRAIN_SECONDS,
  };
}

/** As `loadEnvironment`, of a process that talks to Temporal alone and must not need to know the rest. */
export function loadTemporalEnvironment(): Environment['temporal'] {
  loadEnvFile();
  return temporalOf(check(temporalVariables, settings(process.env)));
}

/** As `loadEnvironment`, of a process that only reads the target database: from a reader, where one is named. */
export function loadTargetEnvironment(): Environment['target'] {
  loadEnvFile();
  const given = settings(process.env);
  return targetOf(check(targetVariables, given), given, 'reading');
}

/** As `loadEnvironment`, of a process that only reads a bucket, whose URL it knows. */
export function loadStorageEnvironment(): Environment['storage'] {
  loadEnvFile();
  return parseStorageEnvironment(process.env);
}

/** `loadStorageEnvironment` over the given variables, with no file read. */
export function parseStorageEnvironment(source: NodeJS.ProcessEnv): Environment['storage'] {
  return storageOf(check(storageVariables, settings(source)));
}

function settings(source: NodeJS.ProcessEnv): Given {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
}

function check<S extends z.ZodType>(schema: S, given: Given): z.infer<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`);
  throw new MigrationError('CONFIG_INVALID', `Environment: ${lines.join(' ')} See .env.example.`);
}

function temporalOf(checked: z.infer<typeof temporalVariables>): Environment['temporal'] {
  const { host, port } = checked.TEMPORAL_ADDRESS;
  const tls = temporalTls(checked);
  return {
    address: `${host}:${port}`,
    namespace: checked.TEMPORAL_NAMESPACE,
    ...(tls !== undefined && { tls }),
  };
}

/** Into process.env, as the AWS SDK reads its variables there; what is set already stays. */
function loadEnvFile(): void {
  const file = ['.env', '.env.sandbox'].find((name) => existsSync(name));
  if (file === undefined) return;
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) {
    if (value !== '') process.env[name] ??= value;
  }
}
