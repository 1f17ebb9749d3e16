import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

/** The founding names. Workers fill in the category, with `-` in place of `_`. */
export const parameterNames = {
  migration: '/migration-parameter/{category-with-dashes}',
  mappings: '/migration-parameter/server-mappings',
} as const;

/** From here on a parameter has to be of the advanced tier, which costs something. */
const mostStandardBytes = 4_096;

/** The migration parameter of each category, and the server mappings; returns all of them. */
export function createParameters(
  scope: Construct,
  { serverMappings, categories }: InfraConfig,
): readonly StringParameter[] {
  const create = (id: string, parameterName: string, description: string, value: string): StringParameter =>
    new StringParameter(scope, id, {
      parameterName,
      description,
      stringValue: value,
      tier: Buffer.byteLength(value) > mostStandardBytes ? ParameterTier.ADVANCED : ParameterTier.STANDARD,
    });
  return [
    create('ServerMappings', parameterNames.mappings, 'Source servers, databases and tables', serverMappings),
    ...Object.entries(categories).map(([category, { parameter }]) => {
      const dashed = category.replaceAll('_', '-');
      const name = parameterNames.migration.replace('{category-with-dashes}', dashed);
      return create(`Parameter-${dashed}`, name, `How ${category} is migrated`, parameter);
    }),
  ];
}
