import { MigrationError } from '../errors.js';

/** The founding names; `{table}` and `{category}` are filled in. */
export const defaultExportJob = '{table}_ExportMssqlToRaw';
export const defaultTransformJob = '{category}_rawToTransformed';

/** Patterns of a category's own, where it has any. */
export interface JobPatterns {
  readonly exportJob?: string | undefined;
  readonly transformJob?: string | undefined;
}

/** Name of the job that exports a table. Throws as `jobName`. */
export function exportJobName({ exportJob }: JobPatterns, category: string, table: string): string {
  return jobName(exportJob ?? defaultExportJob, { category, table });
}

/** Name of the job that transforms for a category. Throws as `jobName`. */
export function transformJobName({ transformJob }: JobPatterns, category: string): string {
  return jobName(transformJob ?? defaultTransformJob, { category });
}

/** A job's name out of its pattern. Throws CONFIG_INVALID for what is no name of a job. */
export function jobName(
  pattern: string,
  names: { readonly category: string; readonly table?: string },
): string {
  const name = pattern
    .replaceAll('{category}', names.category)
    .replaceAll('{table}', names.table ?? '{table}');
  if (/^[^\p{Cc}{}]{1,255}$/u.test(name)) return name;
  throw new MigrationError(
    'CONFIG_INVALID',
    `Category '${names.category}': field 'glue' makes the job's name '${name}'; allowed: 1 to 255 characters with {category} and, for exportJob, {table} in them.`,
  );
}
