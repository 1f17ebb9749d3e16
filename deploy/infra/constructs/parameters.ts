import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

/**
 * The founding names below the deployment's own, so that two in one account have each their own. Workers fill in the
 * category, with `-` in place of `_`.
 */
export function parameterNames({ name }: InfraConfig) {
  return {
    migration: `/${name}/migration-parameter/{category-with-dashes}`,
    mappings: `/${name}/migration-parameter/server-mappings`,
  } as const;
}

/** From here on a parameter has to be of the advanced tier, which costs something. */
const mostStandardBytes = 4_096;

/** The migration parameter of each category, and the server mappings; returns all of them. */
export function createParameters(scope: Construct, config: InfraConfig): readonly StringParameter[] {
  const { serverMappings, categories } = config;
  const names = parameterNames(config);
  const create = (id: string, parameterName: string, description: string, value: string): StringParameter =>
    new StringParameter(scope, id, {
      parameterName,
      description,
      stringValue: value,
      tier: Buffer.byteLength(value) > mostStandardBytes ? ParameterTier.ADVANCED : ParameterTier.STANDARD,
    });
  return [
    create('ServerMappings', names.mappings, 'Source servers, databases and tables', serverMappings),
    ...Object.entries(categories).map(([category, { parameter }]) => {
      const dashed = category.replaceAll('_', '-');
      const name = names.migration.replace('{category-with-dashes}', dashed);
      return create(`Parameter-${dashed}`, name, `How ${category} is migrated`, parameter);
    }),
  ];
}
