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
  const masked = permissions.unmask ? [] : info.columns.filter((column) => column.masked);
  const encrypted = info.columns.filter((column) => column.encrypted);
  const reasons = [
    ...(masked.length === 0
      ? []
      : [`masked columns ${names(masked)} (GRANT UNMASK TO <user>, or leave them out by a view)`]),
    ...(encrypted.length === 0
      ? []
      : [`encrypted columns ${names(encrypted)} (Always Encrypted is not read; leave them out by a view)`]),
    ...(info.rowLevelSecurity
      ? [
          'row-level security filters its rows (exempt the login in the predicate function, or disable the policy)',
        ]
      : []),
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

function names(columns: readonly { readonly name: string }[]): string {
  return columns.map((column) => column.name).join(', ');
}
