import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { installPython } from '../../../sandbox/services/install-once';
import { deploymentOf, selfHosted } from '../../support/deployment';

const run = promisify(execFile);
const cfnLint = '1.58.0';
const kinds = [
  ['the sample', {}],
  ['one with a Temporal of its own', selfHosted],
] as const;

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

test.each(kinds)('%s breaks no rule of cdk-nag without an explanation', (_, changes) => {
  const { app } = deploymentOf(changes);
  expect(new AwsSolutionsChecks(app).validateScope(app)).toEqual({ success: true, violations: [] });
});

test.each(kinds)(
  'cfn-lint has nothing to say of %s',
  async (_, changes) => {
    const { app, directory, foundation, workers } = deploymentOf(changes);
    app.synth();
    expect(await lint([foundation, workers].map(({ templateFile }) => join(directory, templateFile)))).toBe(
      '',
    );
  },
  150_000,
);

test('cfn-lint has something to say of a broken template', async () => {
  const broken = join(mkdtempSync(join(tmpdir(), 'infra-')), 'broken.json');
  const resources = { Bucket: { Type: 'AWS::S3::Bucket', Properties: { Nmae: 1 } } };
  writeFileSync(broken, JSON.stringify({ Resources: resources }));
  expect(await lint([broken])).toContain('Nmae');
}, 150_000);
