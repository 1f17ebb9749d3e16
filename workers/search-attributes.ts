import { encodeSearchAttributeIndexedValueType as encode } from '@temporalio/common/lib/search-attributes';
import type { NativeConnection } from '@temporalio/worker';
import { MigrationError } from '../engine/errors.js';
import { searchAttributes } from '../workflows/search-attributes.js';

/**
 * Registers the search attributes that workflows set. One that is not registered would hang them without an error.
 * @throws MigrationError CONFIG_INVALID with the command for an administrator, where the worker may not do it
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const keys = Object.values(searchAttributes);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const known = customAttributes ?? {};
  const wrong = keys.find(({ name, type }) => known[name] && known[name] !== codeOf(type));
  if (wrong !== undefined)
    throw new MigrationError(
      'CONFIG_INVALID',
      `The search attribute ${wrong.name} of namespace ${namespace} is not a ${wrong.type}: use another namespace.`,
    );
  const missing = keys.filter(({ name }) => !(name in known));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, codeOf(type)])),
    });
  } catch (cause) {
    // Another worker may have been faster; then all is well.
    const { customAttributes: now } = await connection.operatorService.listSearchAttributes({ namespace });
    if (missing.every(({ name }) => name in (now ?? {}))) return;
    const commands = missing.map(
      ({ name, type }) =>
        `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
    );
    throw new MigrationError(
      'CONFIG_INVALID',
      `Search attributes are missing in namespace ${namespace}, and this worker may not register them: ${commands.join('; ')}`,
      { cause },
    );
  }
}

function codeOf(type: string): number {
  return encode(type as Parameters<typeof encode>[0]) ?? 0;
}
