import { MigrationError } from '../errors.js';

/** The founding names; `{table}` and `{category}` are filled in. */
export const defaultExportJob = '{table}_ExportMssqlToRaw';
export const defaultTransformJob = '{category}_rawToTransformed';

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
