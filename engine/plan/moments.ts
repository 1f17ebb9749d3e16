import { MigrationError } from '../errors.js';

/** Milliseconds since 1970-01-01 of an ISO wall-clock text; digits beyond milliseconds are dropped. */
export function parseMoment(text: string): number {
  const at = Date.parse(`${text.trim().replace(' ', 'T')}${text.trim().length > 10 ? 'Z' : ''}`);
  if (Number.isNaN(at))
    throw new MigrationError('FILTER_INVALID', `'${text}' is not a date that can bound windows.`);
  return at;
}

/** `2025-01-31 00:00:00`, to whole seconds. */
export function momentText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace('T', ' ');
}
