import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { installPython } from '../../../sandbox/services/install-once';
import { deploymentOf } from '../../support/deployment';

const run = promisify(execFile);
const cfnLint = '1.58.0';

/** Names of assets are hashes of their content, which has tests of its own. */
function withoutHashes(template: object): object {
  return JSON.parse(JSON.stringify(template).replace(/[0-9a-f]{64}/g, '<hash>')) as object;
}

async function lint(templates: readonly string[]): Promise<string> {
  const folder = await installPython('cfn-lint', cfnLint);
  const args = [join(folder, 'bin/cfn-lint'), '--regions', 'eu-west-1', '-t', ...templates];
  return run('python3', args, { env: { ...process.env, PYTHONPATH: folder } }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
}

test('the templates are those that were read when they last changed', () => {
  const { foundation, workers } = deploymentOf();
  for (const stack of [foundation, workers])
    expect(withoutHashes(Template.fromStack(stack).toJSON())).toMatchSnapshot(stack.stackName);
});

test('no rule of cdk-nag is broken that nobody has explained', () => {
  const { app } = deploymentOf();
  expect(new AwsSolutionsChecks(app).validateScope(app)).toEqual({ success: true, violations: [] });
});

test('cfn-lint has nothing to say of the templates, and something of a broken one', async () => {
  const { app, directory, foundation, workers } = deploymentOf();
  app.synth();
  const templates = [foundation, workers].map(({ templateFile }) => join(directory, templateFile));
  expect(await lint(templates)).toBe('');
  const broken = join(mkdtempSync(join(tmpdir(), 'infra-')), 'broken.json');
  writeFileSync(
    broken,
    JSON.stringify({ Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: { Nmae: 1 } } } }),
  );
  expect(await lint([broken])).toContain('Nmae');
}, 150_000);
