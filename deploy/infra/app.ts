import { App, Tags } from 'aws-cdk-lib';
import type { InfraConfig } from './config.js';
import { FoundationStack } from './foundation-stack.js';
import { WorkersStack } from './workers-stack.js';

export interface Deployment {
  readonly app: App;
  readonly foundation: FoundationStack;
  readonly workers: WorkersStack;
}

/** The whole deployment, not synthesized yet; asks nothing of any account. `outdir` is where templates go. */
export function createDeployment(config: InfraConfig, outdir: string): Deployment {
  const app = new App({ outdir, analyticsReporting: false });
  const foundation = new FoundationStack(app, config);
  const workers = new WorkersStack(app, config, foundation);
  Tags.of(app).add('migration', config.name);
  return { app, foundation, workers };
}
