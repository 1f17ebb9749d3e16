import { readFileSync } from 'node:fs';
import { Client } from 'pg';

/** A connection to the sandbox's target as the product's own role, by the variables of .env.sandbox. */
export async function connectTarget(
  environment: Readonly<Record<string, string>>,
  applicationName: string,
): Promise<Client> {
  const [host = 'localhost', port] = (environment.RDS_ENDPOINT ?? '').split(':');
  const client = new Client({
    host,
    port: Number(port),
    user: environment.RDS_USER ?? '',
    password: environment.RDS_PASSWORD ?? '',
    database: environment.RDS_DATABASE ?? '',
    ssl: { ca: readFileSync(environment.RDS_CA_FILE ?? '') },
    application_name: applicationName,
  });
  await client.connect();
  return client;
}
