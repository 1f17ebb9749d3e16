import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import type { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { nameOf, type Place, readDocument } from './documents.js';
import { enginesOf } from './engines.js';
import type { Environment } from './environment.js';
import { loadGuards } from './guards.js';
import { migrationParameterName } from './parameter-names.js';
import { shown } from './problems.js';
import type { RunConfig } from './run-config.js';
import { categoryFileSchema } from './schema/category-file.js';
import {
  inputPartition,
  jobMode,
  type MigrationParameter,
  migrationParameterSchema,
} from './schema/migration-parameter.js';
import { type ServerMappings, serverMappingsSchema } from './schema/server-mappings.js';
import { sourceDatabases } from './source-databases.js';
import { type Files, loadTargets } from './targets.js';

const mebibyte = 1024 * 1024;

/** What a workflow is started with; what is absent is taken from the migration parameter. */
export interface RunRequest {
  readonly category: string;
  readonly jobMode?: string;
  readonly inputPartition?: string;
}

type Places = Readonly<Record<'mappings' | 'parameter' | 'category', Place>>;

/**
 * Reads every document of a category, merges the request over the migration parameter, and checks what must agree
 * between them. Reads files, and Parameter Store where the environment names parameters; connects to nothing else.
 * Throws CATEGORY_UNKNOWN (listing the known ones), CONFIG_INVALID and FILTER_INVALID (naming document, field, value
 * and what is allowed), CONFIG_NOT_JSON (naming document, line and column); AWS_ACCESS, AWS_UNAVAILABLE.
 */
export async function loadRunConfig(
  request: RunRequest,
  environment: Pick<Environment, 'configDir' | 'parameters'>,
): Promise<RunConfig> {
  const places = placesOf(request.category, environment);
  const files = namesOf(places, environment.configDir);
  const { value: mappings, recorded: serverMappings } = await readDocument(
    places.mappings,
    serverMappingsSchema,
  );
  requireKnown(request.category, mappings, files);
  const { value: given, recorded: migrationParameter } = await readDocument(
    places.parameter,
    migrationParameterSchema,
  );
  const parameter = override(given, request);
  const { value: category } = await readDocument(places.category, categoryFileSchema);
  const targets = await loadTargets({
    files,
    category,
    parameter,
    tables: mappings.categories[request.category] ?? [],
  });
  const databases = sourceDatabases(mappings, files.mappings);
  const guards = await loadGuards(files, category, [...new Set(databases.map(({ server }) => server))]);
  return {
    category: request.category,
    documents: { migrationParameter, serverMappings },
    jobMode: parameter.job_mode,
    logLevel: parameter.log_level,
    ...(parameter.input_partition !== undefined && { inputPartition: parameter.input_partition }),
    databases,
    targets,
    consistency: category.consistency,
    ...enginesOf(category, targets, files.category),
    concurrency: category.concurrency,
    guards,
    attentionWaitSeconds: category.attention.wait,
    quarantineLimit: category.poison === 'quarantine' ? category.poisonLimit : 0,
    storage: category.storage,
    retention: category.retention,
    duckdb: category.duckdb,
    sourceChecksum: category.sourceChecksum,
    maxValueBytes: category.maxValue * mebibyte,
    stallSeconds: category.stall,
    slow: category.slow,
    finalize: category.finalize,
  };
}

function placesOf(
  category: string,
  { configDir, parameters }: Pick<Environment, 'configDir' | 'parameters'>,
): Places {
  const file = (purpose: string, ...path: readonly string[]): Place => ({
    file: join(configDir, ...path),
    purpose,
  });
  const { mappings, migration } = parameters;
  return {
    mappings:
      mappings === undefined
        ? file('it lists the source servers', 'server-mappings.json')
        : { parameter: mappings, variable: 'SERVER_MAPPINGS_PARAMETER' },
    parameter:
      migration === undefined
        ? file('every category has a migration parameter', 'migration-parameters', `${category}.json`)
        : { parameter: migrationParameterName(migration, category), variable: 'MIGRATION_PARAMETER' },
    category: file('it describes the targets of the category', 'categories', `${category}.json`),
  };
}

function namesOf({ mappings, parameter, category }: Places, configDir: string): Files {
  return {
    project: join(configDir, '..'),
    mappings: nameOf(mappings),
    parameter: nameOf(parameter),
    category: nameOf(category),
  };
}

function requireKnown(category: string, mappings: ServerMappings, files: Files): void {
  const known = Object.keys(mappings.categories);
  if (known.includes(category)) return;
  const nearest = known.length > 0 ? `; nearest: '${closest(category, known)}'` : '';
  throw new MigrationError(
    'CATEGORY_UNKNOWN',
    `Category ${shown(category)} is not known${nearest}; known in ${files.mappings}, field 'categories': ${known.join(', ') || 'none'}.`,
  );
}

/** The request's values win over the file's; they are checked alike. */
function override(parameter: MigrationParameter, request: RunRequest): MigrationParameter {
  const partition =
    request.inputPartition === undefined
      ? parameter.input_partition
      : requested('inputPartition', request.inputPartition, inputPartition);
  const mode =
    request.jobMode === undefined ? parameter.job_mode : requested('jobMode', request.jobMode, jobMode);
  return Object.assign(
    {},
    parameter,
    { job_mode: mode },
    partition === undefined ? {} : { input_partition: partition },
  );
}

function requested<Schema extends z.ZodType>(
  field: string,
  value: unknown,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reason = parsed.error.issues.map((issue) => issue.message).join(', ');
  throw new MigrationError(
    'CONFIG_INVALID',
    `Workflow input: field '${field}' is ${shown(value)}; ${reason}.`,
  );
}
