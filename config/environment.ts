import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { parseHostPort } from './host-port.js';
import { type TemporalEnvironment, temporalTls, temporalTlsVariables } from './temporal-environment.js';

/** The process environment, checked. Secrets are behind functions so that no log or dump can show them. */
export interface Environment {
  readonly target: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    readonly password: () => string;
    /** PEM file of the certificate authority; absent for the system's own. */
    readonly caFile?: string;
    readonly tls: 'verify' | 'off';
  };
  readonly source: {
    /** PEM file of the certificate authority that signed the SQL Servers' certificates. */
    readonly caFile?: string;
    /** Value of a variable that names a source secret, or undefined; see `sourceCredentials`. */
    readonly secretVariable: (name: string) => string | undefined;
  };
  /** `file:///…` or `s3://bucket/prefix`. */
  readonly buckets: { readonly raw: string; readonly transformed: string; readonly stats: string };
  readonly temporal: TemporalEnvironment;
  /** Absolute directory of the configuration files. */
  readonly configDir: string;
  /** Absolute directory for scratch files. */
  readonly spillDir: string;
  /** How long a worker that is told to stop lets running steps go on. */
  readonly drainSeconds: number;
}

const required = (allowed: string) => z.string({ error: `is not set; allowed: ${allowed}` });

function hostPort(allowed: string, defaultPort?: number) {
  return required(allowed).transform((value, context) => {
    const parsed = parseHostPort(value, defaultPort);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `is '${value}'; allowed: ${allowed}` });
    return z.NEVER;
  });
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

const targetVariables = z.object({
  RDS_ENDPOINT: hostPort('host or host:port, for example warehouse.example.com:5432', 5432),
  RDS_USER: required('the name of the PostgreSQL role'),
  RDS_DATABASE: z.string().default('postgres'),
  RDS_CA_FILE: z.string().optional(),
  RDS_TLS: z
    .enum(['verify', 'off'], {
      error: (issue) => `is '${issue.input}'; allowed: 'verify' (default) or 'off'`,
    })
    .default('verify'),
});

const maxDrainSeconds = 86_400;

const variables = z.object({
  ...targetVariables.shape,
  RAW_BUCKET: bucket,
  TRANSFORMED_BUCKET: bucket,
  STATS_BUCKET: bucket,
  MSSQL_CA_FILE: z.string().optional(),
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
 * Throws CONFIG_INVALID naming every wrong variable and what is allowed, SECRET_MISSING without RDS_PASSWORD.
 */
export function loadEnvironment(): Environment {
  loadEnvFile();
  return parseEnvironment(process.env);
}

/** `loadEnvironment` over the given variables, with no file read. */
export function parseEnvironment(source: NodeJS.ProcessEnv): Environment {
  const given = settings(source);
  refuseUnsupported(given);
  const checked = check(variables, given);
  return {
    target: targetOf(checked, given),
    source: {
      ...(checked.MSSQL_CA_FILE !== undefined && {
        caFile: requireFile('MSSQL_CA_FILE', checked.MSSQL_CA_FILE),
      }),
      secretVariable: (name) => given[name],
    },
    buckets: {
      raw: checked.RAW_BUCKET,
      transformed: checked.TRANSFORMED_BUCKET,
      stats: checked.STATS_BUCKET,
    },
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

/** As `loadEnvironment`, of a process that only reads the target database. */
export function loadTargetEnvironment(): Environment['target'] {
  loadEnvFile();
  const given = settings(process.env);
  return targetOf(check(targetVariables, given), given);
}

type Given = Readonly<Record<string, string | undefined>>;

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

function targetOf(checked: z.infer<typeof targetVariables>, given: Given): Environment['target'] {
  const password = given.RDS_PASSWORD;
  if (password === undefined)
    throw new MigrationError(
      'SECRET_MISSING',
      `RDS_PASSWORD is not set: the password of RDS_USER. See .env.example.`,
    );
  return {
    ...checked.RDS_ENDPOINT,
    database: checked.RDS_DATABASE,
    user: checked.RDS_USER,
    password: () => password,
    ...(checked.RDS_CA_FILE !== undefined && { caFile: requireFile('RDS_CA_FILE', checked.RDS_CA_FILE) }),
    tls: checked.RDS_TLS,
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

/** A parameter taken from another place than the user believes would move the wrong rows. */
function refuseUnsupported(given: Given): void {
  for (const name of ['MIGRATION_PARAMETER', 'SERVER_MAPPINGS_PARAMETER']) {
    if (given[name] === undefined) continue;
    throw new MigrationError(
      'CONFIG_INVALID',
      `Environment: ${name} is set, but parameters are read from files under CONFIG_DIR only. Unset it.`,
    );
  }
}

function requireFile(variable: string, path: string): string {
  const file = resolve(path);
  if (existsSync(file)) return file;
  throw new MigrationError(
    'CONFIG_INVALID',
    `Environment: ${variable} names '${path}', which does not exist.`,
  );
}
