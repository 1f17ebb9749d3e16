import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { createDeployment, type Deployment } from '../../deploy/infra/app';
import { type InfraConfig, loadConfig } from '../../deploy/infra/config';

const sampleConfig = resolve(__dirname, '../../deploy/infra/config/sample.json');

/** With a Temporal server in the deployment itself. */
export const selfHosted = {
  temporal: { selfHosted: { image: 'temporalio/auto-setup:1.28.1', databaseVersion: '17.6' } },
} as const satisfies Partial<InfraConfig>;

/** A deployment, as the sample configuration with some fields changed makes it, and where its templates go. */
export function deploymentOf(
  changes: Partial<InfraConfig> = {},
): Deployment & { readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'infra-'));
  return { ...createDeployment({ ...loadConfig(sampleConfig), ...changes }, directory), directory };
}

interface Resource {
  readonly Type: string;
  // Whatever CloudFormation knows.
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** All resources of one type in the deployment, by their logical ids. */
export function resourcesOf(
  { foundation, workers }: Deployment,
  type: string,
): readonly (readonly [string, Resource])[] {
  const templates = [foundation, workers].map((stack) => Template.fromStack(stack));
  return templates.flatMap((template) => Object.entries(template.findResources(type))) as [
    string,
    Resource,
  ][];
}
