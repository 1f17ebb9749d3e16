import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AwsVariables } from './aws-stand-ins.js';
import type { Certificates } from './certificates.js';
import { sandboxPaths, sourceUser, targetDatabase, targetUser } from './paths.js';
import { type SandboxSecrets, writePrivate } from './secrets.js';
import { readSettings, type SandboxSettings } from './settings.js';

const projectRoot = resolve(__dirname, '../..');

/** Not set: a file of another sandbox in the working directory would be asked for what is left out. */
const notOnAws = { SOURCE_SECRET_ID: '', MIGRATION_PARAMETER: '', SERVER_MAPPINGS_PARAMETER: '' };

/**
 * The environment with which the product reaches this sandbox: the variables of .env.sandbox.
 * @param aws of the stand-ins, where buckets, secret and parameters are there
 */
export function productEnvironment(
  settings: SandboxSettings,
  secrets: SandboxSecrets,
  certificates: Certificates,
  aws?: AwsVariables,
): Readonly<Record<string, string>> {
  const paths = sandboxPaths(settings.directory);
  return {
    RDS_ENDPOINT: `localhost:${settings.ports.postgres}`,
    RDS_USER: targetUser,
    RDS_PASSWORD: secrets.targetPassword,
    RDS_DATABASE: targetDatabase,
    RDS_CA_FILE: certificates.caFile,
    RAW_BUCKET: paths.url(paths.raw),
    TRANSFORMED_BUCKET: paths.url(paths.transformed),
    STATS_BUCKET: paths.url(paths.stats),
    ...notOnAws,
    ...aws,
    SOURCE_SECRET_FILE: aws?.SOURCE_SECRET_ID === undefined ? paths.sourceSecret : '',
    MSSQL_CA_FILE: certificates.caFile,
    TEMPORAL_ADDRESS: `localhost:${settings.ports.temporal}`,
    SPILL_DIR: paths.spill,
    ...(usesUsualPorts(settings) ? {} : { CONFIG_DIR: join(paths.project, 'config') }),
  };
}

/** Writes all that the product reads of a sandbox: .env.sandbox, the source secret, the buckets' directories. */
export function writeProductFiles(
  settings: SandboxSettings,
  secrets: SandboxSecrets,
  environment: Readonly<Record<string, string>>,
  envFile: string,
): void {
  const paths = sandboxPaths(settings.directory);
  for (const bucket of [paths.raw, paths.transformed, paths.stats]) mkdirSync(bucket, { recursive: true });
  const secret = {
    username: sourceUser,
    password: secrets.sourcePassword,
    engine: 'sqlserver',
    host: '*',
    port: '1433',
    dbname: 'master',
  };
  writePrivate(paths.sourceSecret, `${JSON.stringify(secret, null, 2)}\n`);
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  writePrivate(envFile, `# Written by 'npm run sandbox' at each start.\n${lines.join('\n')}\n`);
  if (!usesUsualPorts(settings)) copyProject(settings, paths.project);
}

function usesUsualPorts({ ports }: SandboxSettings): boolean {
  const usual = readSettings({}).ports;
  return ports.server01 === usual.server01 && ports.server02 === usual.server02;
}

/** The configuration in the repository names the usual ports; other ports get a copy with only those changed. */
function copyProject(settings: SandboxSettings, project: string): void {
  for (const folder of ['config', 'sql']) {
    cpSync(join(projectRoot, folder), join(project, folder), { recursive: true });
  }
  const file = join(project, 'config', 'server-mappings.json');
  const mappings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const changed = {
    ...mappings,
    server_mappings: {
      server01: `localhost:${settings.ports.server01}`,
      server02: `localhost:${settings.ports.server02}`,
    },
  };
  writeFileSync(file, `${JSON.stringify(changed, null, 2)}\n`);
}
