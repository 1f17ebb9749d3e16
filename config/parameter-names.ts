import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';

/** Names or ARNs in Parameter Store of what is not read from a file. */
export interface ParameterNames {
  /** Of the migration parameter; may hold placeholders for the category's name. */
  readonly migration?: string;
  readonly mappings?: string;
}

/** Stands for the category's name in MIGRATION_PARAMETER: as it is, and with `-` in place of `_`. */
const placeholders = {
  '{category}': (category: string) => category,
  '{category-with-dashes}': (category: string) => category.replaceAll('_', '-'),
} as const;

const nameAllowed = "a name or ARN in Parameter Store, such as '/migration-parameter/server-mappings'";
const nameForm = /^[A-Za-z0-9_.\-/:]+$/;
const templateAllowed = `${nameAllowed.replace('server-mappings', 'cell-perf-stats')}, which may hold ${Object.keys(placeholders).join(' or ')}`;

const refusal = (allowed: string) => (issue: { readonly input: unknown }) =>
  `is '${issue.input}'; allowed: ${allowed}`;

export const parameterVariables = z.object({
  MIGRATION_PARAMETER: z
    .string()
    .refine((name) => nameForm.test(filled(name, 'x')), { error: refusal(templateAllowed) })
    .optional(),
  SERVER_MAPPINGS_PARAMETER: z
    .string()
    .regex(nameForm, { error: refusal(nameAllowed) })
    .optional(),
});

export function parameterNames(checked: z.infer<typeof parameterVariables>): ParameterNames {
  const { MIGRATION_PARAMETER: migration, SERVER_MAPPINGS_PARAMETER: mappings } = checked;
  return { ...(migration !== undefined && { migration }), ...(mappings !== undefined && { mappings }) };
}

/**
 * The name of a category's migration parameter. A fixed name serves its own category only, the one that its last part
 * names: another category would be run with that one's filters.
 * @throws MigrationError CONFIG_INVALID where it names another category
 */
export function migrationParameterName(migration: string, category: string): string {
  const name = filled(migration, category);
  if (name !== migration) return name;
  const [last = ''] = (name.split('/').at(-1) ?? '').split(':');
  const own = last.replaceAll('-', '_');
  if (own === category) return name;
  throw new MigrationError(
    'CONFIG_INVALID',
    `MIGRATION_PARAMETER '${migration}' is the parameter of category '${own}' and not of '${category}'. ` +
      `Put {category} or {category-with-dashes} in the place of the category's name, or let a worker of its own run '${category}'.`,
  );
}

function filled(template: string, category: string): string {
  return Object.entries(placeholders).reduce(
    (text, [placeholder, form]) => text.replaceAll(placeholder, form(category)),
    template,
  );
}
