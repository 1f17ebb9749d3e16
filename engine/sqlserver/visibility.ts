import type { SourcePermissions, SourceTableInfo } from './catalog.js';
import { type SourcePlace, sourceError } from './errors.js';

/**
 * Refuses a table of which this login sees other values than are stored. No checksum could tell: every hop would
 * agree on the same wrong rows.
 * @throws MigrationError SOURCE_HIDDEN_DATA naming each column and each reason; SOURCE_PERMISSION where a security
 * policy could exist unseen
 */
export function requireVisible(
  info: SourceTableInfo,
  place: SourcePlace,
  permissions: SourcePermissions = info.permissions,
): void {
  const name = `${info.schema}.${info.table}`;
  const own = (kind: 'masked' | 'encrypted'): readonly string[] =>
    info.columns.filter((column) => column[kind]).map((column) => column.name);
  const masked = permissions.unmask ? [] : [...own('masked'), ...(info.beneath?.masked ?? [])];
  const encrypted = [...own('encrypted'), ...(info.beneath?.encrypted ?? [])];
  const unknown = info.beneath?.unknown ?? [];
  const reasons = [
    ...(masked.length === 0
      ? []
      : [
          `masked columns ${masked.join(', ')} (GRANT UNMASK TO <user>, or read a view that does not name them)`,
        ]),
    ...(encrypted.length === 0
      ? []
      : [
          `encrypted columns ${encrypted.join(', ')} (Always Encrypted is not read; read a view that does not name them)`,
        ]),
    ...(info.rowLevelSecurity
      ? [
          'row-level security filters its rows (disable the policy for the migration, or read a restored copy)',
        ]
      : []),
    ...(unknown.length === 0
      ? []
      : [
          `masks and row-level security cannot be ruled out for ${unknown.join(', ')} (the view must name tables, ` +
            'views and T-SQL functions of its own database, with their schema)',
        ]),
  ];
  if (reasons.length > 0) {
    throw sourceError(
      'SOURCE_HIDDEN_DATA',
      place,
      `${name} does not show what it holds: ${reasons.join('; ')}`,
    );
  }
  if (!permissions.viewDefinition) {
    throw sourceError(
      'SOURCE_PERMISSION',
      place,
      `row-level security on ${name} cannot be ruled out without VIEW DEFINITION. Grant it: GRANT VIEW DEFINITION TO <user>`,
    );
  }
}
