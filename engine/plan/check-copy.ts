import type { TargetColumn, TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import type { TsqlColumn } from '../rows/checksum-tsql.js';
import { losslessInto, type Policy, policyInto } from '../rows/fits.js';
import { pgTypeOf } from '../rows/pg-types.js';
import { encodedTypeOf } from '../rows/type-map.js';
import type { Column, LogicalType } from '../rows/types.js';

interface CopiedTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly TsqlColumn[];
}

/** The source's column of each of the target's, found by name without case. */
export function copiedColumns<Of extends Column>(
  target: TargetConfig,
  columns: readonly Of[],
): readonly Of[] {
  return target.columns.map(({ name }) => {
    const found = columnNamed(name, columns);
    if (found === undefined) throw new MigrationError('INTERNAL', `Nothing is copied into ${name}.`);
    return found;
  });
}

/**
 * Proves that a target without a transform can take the columns of its source table by name.
 * @throws MigrationError TARGET_SHAPE listing every difference
 */
export function checkCopy(target: TargetConfig, source: CopiedTable): void {
  const differences = target.columns
    .map((column) => differenceOf(column, columnNamed(column.name, source.columns)))
    .filter((difference) => difference !== undefined);
  if (differences.length === 0) return;
  throw new MigrationError(
    'TARGET_SHAPE',
    `A plain copy of ${source.schema}.${source.table} does not fit target ${target.name}: ${differences.join('; ')}. ` +
      "Change the target's columns in the category file, or give the target a transform.",
  );
}

function columnNamed<Of extends Column>(name: string, columns: readonly Of[]): Of | undefined {
  return (
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  );
}

function differenceOf(wanted: TargetColumn, found: TsqlColumn | undefined): string | undefined {
  const { name, type, policy } = wanted;
  if (found === undefined) return `the source has no column ${name}`;
  const policies = policiesOf(found, type);
  if (policy === undefined && losslessInto(found.type, type)) return undefined;
  const pair = `column ${name} is ${pgTypeOf(found.type)} and does not fit into ${pgTypeOf(type)}`;
  if (policies.length === 0) return pair;
  if (policy === undefined) return `${pair} without loss: choose "policy": ${quoted(policies)}`;
  if (policies.includes(policy)) return undefined;
  return `column ${name} has "policy": "${policy}"; allowed for ${pgTypeOf(found.type)} into ${pgTypeOf(type)}: ${quoted(policies)}`;
}

function policiesOf(found: TsqlColumn, to: LogicalType): readonly Policy[] {
  const policies = policyInto(found.type, to);
  return to.kind === 'bytes' && encodedTypeOf(found.type, found.sourceType) !== undefined
    ? [...policies, 'bytes']
    : policies;
}

function quoted(policies: readonly string[]): string {
  return policies.map((policy) => `"${policy}"`).join(' or ');
}
