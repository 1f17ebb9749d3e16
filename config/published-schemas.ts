import { z } from 'zod';
import { categoryFileSchema } from './schema/category-file.js';
import { filterPrefix, migrationParameterSchema } from './schema/migration-parameter.js';
import { serverMappingsSchema } from './schema/server-mappings.js';

/** JSON Schema text by file name, as it stands in `config/schemas/`; draft 7, which every editor understands. */
export function publishedSchemas(): Readonly<Record<string, string>> {
  return {
    'category.schema.json': text(jsonSchema(categoryFileSchema)),
    'migration-parameter.schema.json': text(withFilterKeys(jsonSchema(migrationParameterSchema))),
    'server-mappings.schema.json': text(jsonSchema(serverMappingsSchema)),
  };
}

function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
}

/** The one open set of keys, which zod checks in code, said as a pattern. */
function withFilterKeys(schema: object): object {
  const filter = {
    type: 'string',
    description: 'T-SQL predicate: the rows of this source table to migrate.',
  };
  return { ...schema, patternProperties: { [`^${filterPrefix}.+$`]: filter }, additionalProperties: false };
}

function text(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
