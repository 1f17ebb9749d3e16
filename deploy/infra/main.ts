import { resolve } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Command } from 'commander';
import { createDeployment } from './app.js';
import { loadConfig } from './config.js';

/**
 * `make synth`: writes CloudFormation templates and what they need, without a network or an account. Fails where a rule
 * of cdk-nag is broken that nobody has explained.
 */
const { config, out } = new Command('synth')
  .requiredOption('--config <file>', 'what differs between accounts; see deploy/infra/config/sample.json')
  .option('--out <directory>', 'for the cloud assembly', 'out/cdk')
  .parse()
  .opts<{ config: string; out: string }>();

try {
  const { app, foundation, workers } = createDeployment(loadConfig(config), resolve(out));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
  const stacks = [foundation, workers].map(({ stackName }) => stackName).join(', ');
  process.stdout.write(`Wrote ${stacks} to ${out}. Deploy them in this order (docs/aws.md).\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
