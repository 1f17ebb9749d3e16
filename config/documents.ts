import type { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { parameterBytes, readParameter } from './aws/parameter-store.js';
import { displayPath, parseJson, readText } from './json-file.js';
import { describeIssues } from './problems.js';
import type { RecordedDocument } from './run-config.js';

/** Where a JSON document of the configuration is. */
export type Place =
  | { readonly file: string; readonly purpose: string }
  /** `variable` of the environment names the parameter. */
  | { readonly parameter: string; readonly variable: string };

export interface Document<T> {
  readonly value: T;
  /** What the run keeps of where it came from and what it said. */
  readonly recorded: RecordedDocument;
}

/** How messages call a document. */
export function nameOf(place: Place): string {
  return 'file' in place ? displayPath(place.file) : `Parameter '${place.parameter}'`;
}

/**
 * Reads a document and checks it. Throws CONFIG_INVALID naming document, field, value and what is allowed (or that it
 * is missing), CONFIG_NOT_JSON naming document, line and column; of a parameter also what `readParameter` throws.
 */
export async function readDocument<Schema extends z.ZodType>(
  place: Place,
  schema: Schema,
): Promise<Document<z.output<Schema>>> {
  const { text, ...origin } = await readPlace(place);
  const name = nameOf(place);
  const value = 'file' in place ? parseJson(text, name) : parseStored(text, name);
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new MigrationError('CONFIG_INVALID', describeIssues(name, value, parsed.error.issues));
  return { value: parsed.data, recorded: { ...origin, value } };
}

async function readPlace(place: Place): Promise<Omit<RecordedDocument, 'value'> & { readonly text: string }> {
  if ('parameter' in place) return readParameter(place.variable, place.parameter);
  return { name: displayPath(place.file), text: await readText(place.file, place.purpose) };
}

/** Whoever fills a parameter may have cut the text to what fits. */
function parseStored(text: string, name: string): unknown {
  try {
    return parseJson(text, name);
  } catch (error) {
    const { standard, advanced } = parameterBytes;
    const bytes = Buffer.byteLength(text);
    if (!(error instanceof MigrationError) || (bytes !== standard && bytes !== advanced)) throw error;
    throw new MigrationError(
      error.code,
      `${error.message} It has ${bytes} bytes, all that a parameter can hold (standard ${standard}, advanced ${advanced}): was it cut?`,
    );
  }
}
