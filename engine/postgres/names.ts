import { escapeIdentifier } from 'pg';
import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';

const maxNameBytes = 63;

/** `"schema"."name"`, or one part quoted. */
export function quoteName(...parts: readonly string[]): string {
  return parts.map(escapeIdentifier).join('.');
}

export function stageName(table: TargetConfig): string {
  return quoteName(table.stageSchema, table.name);
}

/** `<table>_p2025_01` for `202501`. */
export function monthChild(table: TargetConfig, month: string): string {
  return `${table.name}_p${month.slice(0, 4)}_${month.slice(4, 6)}`;
}

export function defaultChild(table: TargetConfig): string {
  return `${table.name}_default`;
}

/** The founding name of the procedure that builds the target from its stage. */
export function finalizeProcedure(table: TargetConfig): string {
  return `stage_ctas_null_upd_${table.name}`;
}

/**
 * PostgreSQL cuts names at 63 bytes and folds unquoted ones, so two that look different may meet.
 * Throws TARGET_SHAPE naming the offender.
 */
export function requireSafeNames(table: TargetConfig): void {
  const derived = [defaultChild(table), monthChild(table, '000000'), finalizeProcedure(table)];
  const oldName = `${table.name}_old_00000000000000`;
  for (const name of [table.stageSchema, ...derived, oldName, ...table.columns.map((column) => column.name)])
    if (Buffer.byteLength(name) > maxNameBytes || name === '' || name.includes('\0'))
      throw new MigrationError(
        'TARGET_SHAPE',
        `The name '${name}' needed for target '${table.name}' is empty or longer than PostgreSQL's ${maxNameBytes} bytes. ` +
          'Choose a shorter name in the category file.',
      );
  const seen = new Map<string, string>([['chunk_id', 'chunk_id (the engine’s own column of the stage)']]);
  for (const { name } of table.columns) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      throw new MigrationError(
        'TARGET_SHAPE',
        `Column '${name}' of target '${table.name}' collides with ${other} once names are folded to lower case. ` +
          'Rename one of them in the category file.',
      );
    seen.set(name.toLowerCase(), `'${name}'`);
  }
}
