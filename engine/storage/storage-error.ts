import { MigrationError } from '../errors.js';

const accessCodes = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP']);
const fullCodes = new Set(['ENOSPC', 'EDQUOT']);

/** The `code` of a Node.js system error, or undefined. By shape: `instanceof` fails across realms. */
export function systemCode(error: unknown): string | undefined {
  return textField(error, 'code');
}

/** A field of an error where it is text, or undefined. */
export function textField(error: unknown, name: 'code' | 'name' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}

/** A local file-system failure as STORAGE_ACCESS, DISK_FULL or STORAGE_IO; `what` says what was tried on what. */
export function fileError(error: unknown, what: string): MigrationError {
  if (error instanceof MigrationError) return error;
  const code = systemCode(error) ?? 'unknown';
  if (accessCodes.has(code)) {
    return new MigrationError('STORAGE_ACCESS', `${what}: ${code}. Check path and permissions.`, {
      cause: error,
    });
  }
  if (fullCodes.has(code)) {
    return new MigrationError(
      'DISK_FULL',
      `${what}: ${code}. Free space there, or point it to a larger disk.`,
      {
        cause: error,
      },
    );
  }
  return new MigrationError('STORAGE_IO', `${what}: ${code}.`, { cause: error });
}
