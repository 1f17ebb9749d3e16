import { MigrationError } from '../engine/errors.js';
import type { RunConfig, TargetConfig } from './run-config.js';
import type { CategoryFile } from './schema/category-file.js';

/**
 * Which engines a category chose. Throws CONFIG_INVALID where it asks Glue for what a job cannot do as the embedded
 * engine does it.
 */
export function enginesOf(
  { engine, glue, consistency }: CategoryFile,
  targets: readonly TargetConfig[],
  file: string,
): Pick<RunConfig, 'engine' | 'glue'> {
  const chosen = typeof engine === 'string' ? { export: engine, transform: engine } : engine;
  for (const target of targets) {
    const refuse = (field: string, reason: string): never => {
      throw new MigrationError(
        'CONFIG_INVALID',
        `${file}: field '${field}' and target '${target.name}': ${reason}`,
      );
    };
    if (chosen.export === 'glue') checkExport(target, consistency, refuse);
  }
  return { engine: chosen, glue };
}

function checkExport(
  { path, sources, transform, columns, chunk }: TargetConfig,
  consistency: RunConfig['consistency'],
  refuse: (field: string, reason: string) => never,
): void {
  if (path === 'direct')
    refuse(
      'engine.export',
      'path "direct" rests in no bucket, where a job of Glue would leave its rows; allowed: "embedded", or path "staged".',
    );
  if (chunk.onePass)
    refuse(
      'engine.export',
      '"chunk.onePass" reads a table once for all windows, and a job of Glue reads one window; allowed: "embedded".',
    );
  if (consistency === 'snapshot' && sources.length > 1)
    refuse(
      'consistency',
      `a job of Glue reads each of the ${sources.length} source tables in a transaction of its own, so they are not of one ` +
        'instant as "snapshot" promises; allowed with "engine.export" "glue": "rcsi" or "quiesced".',
    );
  const decoding = columns.find(({ policy }) => policy === 'replace' || policy === 'bytes')?.policy;
  if (transform === undefined && decoding !== undefined)
    refuse(
      'engine.export',
      `policy "${decoding}" needs a reader that sees the bytes of a text, which JDBC hides; allowed: "embedded".`,
    );
}
