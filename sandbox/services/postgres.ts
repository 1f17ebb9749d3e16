import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client } from 'pg';
import type { Certificates } from './certificates.js';
import { targetDatabase, targetUser } from './paths.js';
import { type PostgresCluster, startCluster } from './postgres-cluster.js';
import type { SandboxSecrets } from './secrets.js';
import type { SandboxSettings } from './settings.js';

const grants = resolve(__dirname, '../../sql/postgres/grants.sql');

/**
 * Starts the sandbox's target: PostgreSQL with the database `warehouse` and the role `migration`, which is no
 * superuser and gets what the product documents in sql/postgres/grants.sql, nothing else.
 */
export async function startTarget(
  settings: SandboxSettings,
  secrets: SandboxSecrets,
  certificates: Certificates,
): Promise<PostgresCluster> {
  const cluster = await startCluster({
    port: settings.ports.postgres,
    directory: settings.directory,
    superuserPassword: secrets.postgresPassword,
    certificates,
  });
  try {
    await prepareTarget(cluster, secrets.targetPassword);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function prepareTarget(cluster: PostgresCluster, password: string): Promise<void> {
  const postgres = await cluster.superuser();
  try {
    if (!(await exists(postgres, 'SELECT FROM pg_roles WHERE rolname = $1', targetUser))) {
      await postgres.query(`CREATE ROLE ${targetUser} LOGIN`);
    }
    await postgres.query(`ALTER ROLE ${targetUser} PASSWORD ${postgres.escapeLiteral(password)}`);
    if (!(await exists(postgres, 'SELECT FROM pg_database WHERE datname = $1', targetDatabase))) {
      await postgres.query(`CREATE DATABASE ${targetDatabase}`);
    }
  } finally {
    await postgres.end();
  }
  const warehouse = await cluster.superuser(targetDatabase);
  try {
    await warehouse.query(readFileSync(grants, 'utf8'));
  } finally {
    await warehouse.end();
  }
}

async function exists(client: Client, query: string, name: string): Promise<boolean> {
  return ((await client.query(query, [name])).rowCount ?? 0) > 0;
}
