import { MigrationError } from '../errors.js';
import { layoutOf } from '../rows/column-batch.js';
import type { TargetTyped } from '../rows/convert/conversion.js';
import { losslessInto, policyInto } from '../rows/fits.js';
import { pgTypeOf } from '../rows/pg-types.js';
import type { LogicalType } from '../rows/types.js';
import { textField } from '../storage/storage-error.js';
import type { DuckDb, DuckDbSession } from './duckdb.js';
import type { TransformTarget } from './engine.js';
import { type Lineage, type Output, readLineage } from './lineage.js';
import { type KnownTable, sameName } from './scope.js';
import { columnDefinitions, quoteDuckdb } from './sql-text.js';
import { requireAligned } from './window-alignment.js';

/**
 * Proves, against empty tables, that a target's transform (or plain copy) can run and fits the target. Throws
 * TRANSFORM_INVALID naming file and table or column, and TARGET_SHAPE listing every difference. Gives what the SQL does.
 */
export async function checkTransform(
  duckdb: DuckDb,
  target: TransformTarget,
  sources: readonly KnownTable[],
  signal: AbortSignal,
): Promise<Lineage> {
  const session = await duckdb.openSession(signal);
  try {
    for (const { table, columns } of sources) {
      await session.run(`CREATE TEMP TABLE ${quoteDuckdb(table)} (${columnDefinitions(columns)})`);
    }
    return await bindTransform(session, target, sources);
  } finally {
    session.close();
  }
}

/** A target's SQL: its transform, or its columns out of its one source table. */
function transformOf(
  target: TransformTarget,
  sources: readonly KnownTable[],
): { readonly file: string; readonly sql: string } {
  if (target.transform) return target.transform;
  const [source, ...others] = sources;
  if (!source || others.length > 0) {
    throw new MigrationError(
      'TRANSFORM_INVALID',
      `Target ${target.name} has ${sources.length} source tables and no transform; name a transform file.`,
    );
  }
  const columns = target.columns.map(({ name }) => quoteDuckdb(name)).join(', ');
  return {
    file: `Plain copy into ${target.name}`,
    sql: `SELECT ${columns} FROM ${quoteDuckdb(source.table)}`,
  };
}

/** As `checkTransform`, in a session where the source tables exist by name; returns what the SQL does. */
export async function bindTransform(
  session: DuckDbSession,
  target: TransformTarget,
  sources: readonly KnownTable[],
): Promise<Lineage> {
  const transform = transformOf(target, sources);
  const lineage = await readLineage(session, transform, sources);
  requireAligned(lineage, target, transform.file);
  const described = await describe(session, transform);
  const differences = shapeDifferences(target.columns, lineage, described, sources);
  if (differences.length > 0) {
    throw new MigrationError(
      'TARGET_SHAPE',
      `${transform.file} does not fit target ${target.name}: ${differences.join('; ')}. ` +
        "Change the SELECT, or the target's columns in the category file.",
    );
  }
  return lineage;
}

interface Described {
  readonly column_name: string;
  readonly column_type: string;
}

async function describe(
  session: DuckDbSession,
  transform: { readonly file: string; readonly sql: string },
): Promise<readonly Described[]> {
  try {
    const reader = await session.connection.runAndReadAll(`DESCRIBE ${transform.sql}`);
    return reader.getRowObjects() as unknown as readonly Described[];
  } catch (error) {
    // Binding reads no rows: its message quotes the SQL file and names of columns only.
    const message = textField(error, 'message') ?? String(error);
    const [reason = ''] = message.split('\n\nLINE');
    throw new MigrationError('TRANSFORM_INVALID', `${transform.file}: ${reason.replace(/\s+/g, ' ')}.`);
  }
}

function shapeDifferences(
  wanted: readonly TargetTyped[],
  lineage: Lineage,
  described: readonly Described[],
  sources: readonly KnownTable[],
): readonly string[] {
  const differences: string[] = [];
  for (const { name } of lineage.outputs) {
    const times = lineage.outputs.filter((other) => sameName(other.name, name)).length;
    if (times > 1) differences.push(`column ${name} comes ${times} times`);
    if (!wanted.some((column) => sameName(column.name, name))) {
      differences.push(`column ${name} is not in the target`);
    }
  }
  for (const column of wanted) {
    const index = lineage.outputs.findIndex(({ name }) => sameName(name, column.name));
    const output = lineage.outputs[index];
    if (!output) {
      differences.push(`the target's column ${column.name} is missing`);
      continue;
    }
    const difference = typeDifference(column, output, described[index]?.column_type ?? '', lineage, sources);
    if (difference) differences.push(difference);
  }
  return [...new Set(differences)];
}

function typeDifference(
  wanted: TargetTyped,
  output: Output,
  duckdbType: string,
  lineage: Lineage,
  sources: readonly KnownTable[],
): string | undefined {
  const type = originType(output, lineage, sources) ?? logicalOfDuckdb(duckdbType);
  if (!type) return `column ${wanted.name} has type ${duckdbType}, CAST it to ${pgTypeOf(wanted.type)}`;
  if (type.kind === 'text' && wanted.type.kind === 'text') {
    // An expression's text has no length that could be compared; what is too long, the import finds.
    if (!output.from || (wanted.policy && policyInto(type, wanted.type).includes(wanted.policy)))
      return undefined;
  }
  if (losslessInto(type, wanted.type)) {
    if (castsAlike(type, wanted.type)) return undefined;
    return `column ${wanted.name} is ${pgTypeOf(type)}, which only a plain copy turns into ${pgTypeOf(wanted.type)}`;
  }
  return `column ${wanted.name} is ${pgTypeOf(type)} and does not fit into ${pgTypeOf(wanted.type)} without loss`;
}

/** Whether DuckDB's CAST, where nothing can be lost, gives the very form in which the wanted type's values rest. */
function castsAlike(from: LogicalType, to: LogicalType): boolean {
  if (from.kind !== to.kind) return to.kind === 'text' || (isExactNumber(from) && isExactNumber(to));
  // A text of a time (see `layoutOf`) has all digits of its own precision.
  if (layoutOf(to) !== 'var' && layoutOf(from) !== 'var') return true;
  return !('precision' in from) || from.precision === (to as typeof from).precision;
}

function isExactNumber({ kind }: LogicalType): boolean {
  return kind === 'int' || kind === 'decimal';
}

function originType(
  output: Output,
  lineage: Lineage,
  sources: readonly KnownTable[],
): LogicalType | undefined {
  const { from } = output;
  if (!from) return undefined;
  const use = [lineage.left, ...lineage.joins].find(({ alias }) => alias === from.alias);
  const source = sources.find(({ table }) => table === use?.table);
  return source?.columns.find(({ name }) => name === from.column)?.type;
}

const plainTypes: Readonly<Record<string, LogicalType>> = {
  BOOLEAN: { kind: 'bool' },
  UTINYINT: { kind: 'int', bits: 8 },
  TINYINT: { kind: 'int', bits: 16 },
  SMALLINT: { kind: 'int', bits: 16 },
  INTEGER: { kind: 'int', bits: 32 },
  BIGINT: { kind: 'int', bits: 64 },
  DATE: { kind: 'date' },
  TIMESTAMP: { kind: 'timestamp', precision: 6 },
  TIMESTAMP_MS: { kind: 'timestamp', precision: 3 },
  TIMESTAMP_S: { kind: 'timestamp', precision: 0 },
  VARCHAR: { kind: 'text' },
};

/** Logical type of an expression by the name of its DuckDB type; undefined for one that no target takes. */
function logicalOfDuckdb(name: string): LogicalType | undefined {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(name);
  if (!decimal) return plainTypes[name];
  return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
}
