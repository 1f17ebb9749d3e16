import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { deploymentOf, resourcesOf } from '../../support/deployment';

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const root = resolve(__dirname, '../../..');
const deployment = deploymentOf();
const policies = resourcesOf(deployment, 'AWS::IAM::Policy').map(([id, { Properties, Metadata }]) => ({
  id,
  statements: (Properties.PolicyDocument as { readonly Statement: readonly Statement[] }).Statement,
  why: (Metadata?.Why ?? {}) as Readonly<Record<string, string>>,
}));
const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);
const statementsOf = (role: string) => policies.find(({ id }) => id.startsWith(role))?.statements ?? [];
const actionsOf = (role: string) => statementsOf(role).flatMap(({ Action }) => list(Action));

/** IAM calls what the SDK calls by another name, or has no name of its own for it. */
const otherwiseNamed: Readonly<Record<string, string>> = {
  's3:HeadObject': 's3:GetObject',
  's3:CreateMultipartUpload': 's3:PutObject',
  's3:UploadPart': 's3:PutObject',
  's3:CompleteMultipartUpload': 's3:PutObject',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:paginateListObjectsV2': 's3:ListBucket',
  'glue:paginateGetJobRuns': 'glue:GetJobRuns',
};
const services: Readonly<Record<string, string>> = {
  'secrets-manager': 'secretsmanager',
  'cloudwatch-logs': 'logs',
};

/** What the product asks AWS for, by the commands of the SDK in its sources. */
function actionsIn(folders: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const found = files.flatMap((text) => {
    const client = /@aws-sdk\/client-([a-z0-9-]+)'/.exec(text)?.[1];
    if (client === undefined) return [];
    const calls = [...text.matchAll(/new ([A-Z]\w+)Command\(|\b(paginate[A-Z]\w+)\(/g)];
    return calls.map(([, command, paginator]) => `${services[client] ?? client}:${command ?? paginator}`);
  });
  return [...new Set(found.map((action) => otherwiseNamed[action] ?? action))];
}

test('every statement is named, allows, and says why', () => {
  expect(policies.length).toBeGreaterThanOrEqual(5);
  for (const { statements, why } of policies) {
    expect(Object.keys(why).sort()).toEqual(statements.map(({ Sid }) => Sid ?? '').sort());
    for (const { Effect, Sid } of statements) {
      expect(Effect).toBe('Allow');
      expect((why[Sid ?? ''] ?? '').length).toBeGreaterThan(20);
    }
  }
});

test('no statement has a wildcard for an action, and only what has no resources has one for all of them', () => {
  const unlimited = policies.flatMap(({ statements }) =>
    statements.filter(({ Resource }) => list(Resource).includes('*')),
  );
  expect(unlimited.map(({ Sid }) => Sid).sort()).toEqual([
    'LogInToRegistry',
    'LookAtTheNetwork',
    'PublishBacklog',
  ]);
  for (const { statements } of policies)
    for (const { Action } of statements) for (const action of list(Action)) expect(action).not.toContain('*');
});

test('logs of jobs with a security configuration are written and read where Glue puts them', () => {
  const group = 'arn:aws:logs:eu-west-1:111111111111:log-group:/aws-glue/jobs-role-migration/error';
  for (const [role, sid] of [
    ['JobRole', 'WriteLogs'],
    ['ActivityRole', 'ReadJobLogs'],
  ] as const) {
    const resources = statementsOf(role).find(({ Sid }) => Sid === sid)?.Resource;
    const prefixes = list(resources).map((resource) => `${resource}`.replace(/\*$/, ''));
    expect(prefixes.some((prefix) => group.startsWith(prefix))).toBe(true);
  }
});

test('roles have these policies and no others', () => {
  for (const [, { Properties }] of resourcesOf(deployment, 'AWS::IAM::Role')) {
    expect(Properties.ManagedPolicyArns).toBeUndefined();
    expect(Properties.Policies).toBeUndefined();
  }
});

test('an activity worker may do what the product asks AWS for, and nothing that it never asks for', () => {
  const asked = actionsIn(['engine', 'config', 'activities']);
  expect(asked.length).toBeGreaterThan(8);
  expect(actionsOf('ActivityRole')).toEqual(expect.arrayContaining([...asked]));
  // Asked for without a command: by the database's protocol, and by S3 on behalf of the caller.
  const implied = ['rds-db:connect', 'kms:GenerateDataKey', 'kms:Decrypt'];
  expect([...asked, ...implied]).toEqual(expect.arrayContaining([...actionsOf('ActivityRole')]));
});

test('a workflow worker may publish the backlog, and touches no data', () => {
  expect(actionsOf('WorkflowRole')).toEqual(['cloudwatch:PutMetricData']);
  expect(actionsOf('LauncherRole').filter((action) => /Put|Delete|Start/.test(action))).toEqual([]);
});

test('secrets are read by whom they are for: the login by activities and jobs, the key to Temporal by ECS', () => {
  const readers = (secret: string) =>
    policies
      .filter(({ statements }) =>
        statements.some(
          ({ Action, Resource }) =>
            list(Action).includes('secretsmanager:GetSecretValue') &&
            JSON.stringify(Resource).includes(secret),
        ),
      )
      .map(({ id }) => id.replace(/Permissions.*/, ''));
  expect(readers('SourceSecret').sort()).toEqual([
    expect.stringMatching(/^ActivityRole/),
    expect.stringMatching(/^JobRole/),
  ]);
  expect(readers('TemporalSecret')).toEqual([expect.stringMatching(/^ExecutionRole/)]);
});
