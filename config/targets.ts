import { resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { MigrationError } from '../engine/errors.js';
import { policyInto, transformedType } from '../engine/rows/fits.js';
import { parsePgType } from '../engine/rows/pg-types.js';
import { parseFilter } from './filter.js';
import { readText } from './json-file.js';
import { checkOnePass } from './one-pass.js';
import { shown } from './problems.js';
import type { SourceTable, TargetColumn, TargetConfig } from './run-config.js';
import type { CategoryFile } from './schema/category-file.js';
import { filterPrefix, type MigrationParameter } from './schema/migration-parameter.js';
import type { Target } from './schema/target.js';

/** The documents of one category as messages call them, and the directory that relative paths in them start from. */
export interface Files {
  readonly project: string;
  readonly mappings: string;
  readonly parameter: string;
  readonly category: string;
}

interface Input {
  readonly files: Files;
  readonly category: CategoryFile;
  readonly parameter: MigrationParameter;
  /** The category's source tables as the server mappings list them. */
  readonly tables: readonly string[];
}

/** The category's targets with types parsed, filters checked and transforms read. Throws as `loadRunConfig`. */
export async function loadTargets(input: Input): Promise<readonly TargetConfig[]> {
  const file = input.files.category;
  requireOnce(
    input.category.targets.map((target) => target.table),
    `${file}: field 'targets'`,
  );
  requireSameTables(input);
  requireFilteredTables(input);
  return Promise.all(input.category.targets.map((target, index) => loadTarget(input, target, index)));
}

async function loadTarget(input: Input, target: Target, index: number): Promise<TargetConfig> {
  const at = (field: string) => `${input.files.category}: field 'targets.${index}.${field}'`;
  const columns = target.columns.map((column, position) => typed(column, at(`columns.${position}.type`)));
  checkColumns(target, columns, at);
  if (target.transform !== undefined) checkPolicies(columns, at);
  checkPartition(input, target, at);
  checkOnePass(target, input.category.consistency, input.files.category, at);
  return {
    name: target.table,
    stageSchema: target.stageSchema,
    columns,
    primaryKey: target.primaryKey,
    ...(target.partitionColumn !== undefined && { partitionColumn: target.partitionColumn }),
    sources: target.sources.map((source, position) =>
      sourceOf(input, target, source, at(`sources.${position}`)),
    ),
    ...(await transformOf(input, target, at)),
    ...(target.joinKeys !== undefined && { joinKeys: target.joinKeys }),
    path: pathOf(target, at('path')),
    scope: scopeOf(input, target, at('scope')),
    chunk: target.chunk,
  };
}

function pathOf({ path, transform }: Target, field: string): TargetConfig['path'] {
  if (path === 'direct' && transform !== undefined)
    throw invalid(`${field} is "direct"; allowed: "staged", as a transform reads its sources from a bucket`);
  return path;
}

function scopeOf({ parameter }: Input, { scope, transform }: Target, field: string): TargetConfig['scope'] {
  if (scope === 'chunk') return scope;
  if (transform === undefined)
    throw invalid(
      `${field} is "${scope}"; allowed: "chunk", as there is no transform that could join windows`,
    );
  if (parameter.input_partition !== undefined)
    throw invalid(
      `${field} is "${scope}"; allowed with input_partition: "chunk", as a part of the windows has a part of the matches only`,
    );
  return scope;
}

/** input_partition chooses rows by a date column, so there must be one. */
function checkPartition({ files, parameter }: Input, { chunk }: Target, at: (field: string) => string): void {
  if (parameter.input_partition === undefined || chunk.by === 'date') return;
  if (chunk.by === 'none')
    throw invalid(
      `${at('chunk.by')} is "none"; allowed: "date" or "key", as input_partition chooses rows by date`,
    );
  if (parameter.partition_col_date === undefined)
    throw invalid(
      `${files.parameter}: field 'partition_col_date' is missing; allowed: the date column that input_partition chooses rows by`,
    );
}

function typed(column: Target['columns'][number], field: string): TargetColumn {
  try {
    return {
      name: column.name,
      type: parsePgType(column.type),
      nullable: column.nullable,
      pgType: column.type,
      ...(column.policy !== undefined && { policy: column.policy }),
    };
  } catch (cause) {
    if (!(cause instanceof MigrationError)) throw cause;
    throw new MigrationError('CONFIG_INVALID', `${field} is ${shown(column.type)}; ${cause.message}`, {
      cause,
    });
  }
}

/** A transform gives values of the columns' own types (but for the length of text): few need a policy. */
function checkPolicies(columns: readonly TargetColumn[], at: (field: string) => string): void {
  for (const [position, { type, policy }] of columns.entries()) {
    const possible: readonly string[] = policyInto(transformedType(type), type);
    if (policy === undefined || possible.includes(policy)) continue;
    const allowed = possible.map((name) => `"${name}"`).join(' or ');
    throw invalid(
      `${at(`columns.${position}.policy`)} is "${policy}"; allowed behind a transform: ${allowed}, as it casts to the column's type itself`,
    );
  }
}

function checkColumns(target: Target, columns: readonly TargetColumn[], at: (field: string) => string): void {
  const names = columns.map((column) => column.name);
  requireOnce(names, at('columns'));
  if (names.some((name) => name.toLowerCase() === 'chunk_id')) {
    throw invalid(
      `${at('columns')} names 'chunk_id', which the stage table has already; allowed: any other name`,
    );
  }
  requireOnce(target.primaryKey, at('primaryKey'));
  for (const name of target.primaryKey) {
    const column = columnNamed(name, columns, at('primaryKey'));
    if (!column.nullable) continue;
    throw invalid(
      `${at('primaryKey')} names '${name}', which is nullable; allowed: columns with "nullable": false`,
    );
  }
  if (target.partitionColumn === undefined) return;
  const { kind } = columnNamed(target.partitionColumn, columns, at('partitionColumn')).type;
  if (kind === 'date' || kind === 'timestamp') return;
  throw invalid(
    `${at('partitionColumn')} names '${target.partitionColumn}'; allowed: a date or timestamp column`,
  );
}

function columnNamed(name: string, columns: readonly TargetColumn[], field: string): TargetColumn {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  throw invalid(
    `${field} names '${name}', which is no column (nearest: '${closest(name, names)}'); allowed: ${names.join(', ')}`,
  );
}

function sourceOf(
  input: Input,
  target: Target,
  source: Target['sources'][number],
  field: string,
): SourceTable {
  const { by, column } = target.chunk;
  const dateColumn = input.parameter.partition_col_date;
  const chunkColumn = {
    none: undefined,
    key: source.chunkColumn ?? column,
    date: source.chunkColumn ?? dateColumn,
  }[by];
  if (chunkColumn === undefined && by !== 'none') throw noChunkColumn(input, source.table, by, field);
  const partitionColumn = by === 'key' ? dateColumn : undefined;
  const cutByDate = by === 'key' ? dateColumn : chunkColumn;
  const key = `${filterPrefix}${source.table}`;
  const filter = input.parameter[key];
  const place = { file: input.files.parameter, field: key };
  return {
    schema: source.schema,
    table: source.table,
    ...(chunkColumn !== undefined && { chunkColumn }),
    ...(partitionColumn !== undefined && { partitionColumn }),
    ...(filter !== undefined && { filter }),
    filterBounds:
      filter === undefined ? {} : parseFilter(filter, { chunkColumn: cutByDate, ...place }).bounds,
  };
}

function noChunkColumn({ files }: Input, table: string, by: 'date' | 'key', field: string): MigrationError {
  if (by === 'key')
    return invalid(
      `${field}.chunkColumn is missing and chunk.column too; allowed: the key column that cuts '${table}' into chunks`,
    );
  return invalid(
    `${files.parameter}: field 'partition_col_date' is missing and ${field}.chunkColumn too; allowed: the date column that cuts '${table}' into chunks, or "chunk": { "by": "none" }`,
  );
}

async function transformOf(
  input: Input,
  target: Target,
  at: (field: string) => string,
): Promise<Pick<TargetConfig, 'transform'>> {
  if (target.transform === undefined) {
    if (target.sources.length === 1) return {};
    throw invalid(
      `${at('transform')} is missing; allowed: an SQL file, or exactly one source to copy as it is`,
    );
  }
  const path = resolve(input.files.project, target.transform);
  const sql = await readText(path, `${at('transform')} is ${shown(target.transform)}; allowed: an SQL file`);
  return { transform: { file: target.transform, sql } };
}

/** The mappings say which tables a category reads, the category file how: both must name the same ones. */
function requireSameTables({ files, category, tables }: Input): void {
  const used = new Set(category.targets.flatMap((target) => target.sources.map((source) => source.table)));
  const extra = [...used].filter((table) => !tables.includes(table));
  const absent = tables.filter((table) => !used.has(table));
  if (extra.length === 0 && absent.length === 0) return;
  const parts = [
    ...(extra.length > 0 ? [`only the category file reads ${extra.join(', ')}`] : []),
    ...(absent.length > 0 ? [`only the mappings list ${absent.join(', ')}`] : []),
  ];
  throw invalid(
    `${files.mappings}, field 'categories', and ${files.category}, field 'targets.*.sources', name different tables: ${parts.join('; ')}; allowed: the same tables in both`,
  );
}

function requireFilteredTables({ files, parameter, tables }: Input): void {
  const allowed = tables.map((table) => `${filterPrefix}${table}`);
  const unknown = Object.keys(parameter).find(
    (key) => key.startsWith(filterPrefix) && !allowed.includes(key),
  );
  if (unknown === undefined) return;
  throw invalid(
    `${files.parameter}: unknown key '${unknown}' (nearest allowed: '${closest(unknown, allowed)}'); allowed: ${allowed.join(', ')}`,
  );
}

/** PostgreSQL folds unquoted names, so two that differ by case alone would be mixed up. */
function requireOnce(names: readonly string[], field: string): void {
  const folded = names.map((name) => name.toLowerCase());
  const twice = names.find((_, index) => folded.indexOf(folded[index] ?? '') !== index);
  if (twice !== undefined)
    throw invalid(`${field} names '${twice}' twice (case aside); allowed: each name once`);
}

function invalid(message: string): MigrationError {
  return new MigrationError('CONFIG_INVALID', `${message}.`);
}
