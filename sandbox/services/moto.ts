import { type AwsServer, clientVariables, startAwsServer } from './aws-server.js';
import { installPython } from './install-once.js';
import { freePort } from './ports.js';

/** The account of everything that is made in moto without saying whose it is. */
export const motoAccount = '123456789012';

export interface MotoServer extends AwsServer {
  /** Whether each request is checked against the policies that IAM was given, as AWS does. At first none is. */
  checkPermissions(on: boolean): Promise<void>;
}

/**
 * Starts moto, which stands in for S3, Secrets Manager, Parameter Store, KMS, IAM, STS, Glue and CloudWatch, on a free
 * port or the given one; installs it on first use. It keeps everything in memory, and takes any key until it is told
 * to check permissions.
 * @throws Error with the path of its log in `directory` when it does not come up.
 */
export async function startMoto(options: {
  readonly directory: string;
  readonly port?: number;
}): Promise<MotoServer> {
  const modules = await installPython('moto', '5.2.5', 'server');
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startAwsServer(
    {
      name: 'moto',
      command: 'python3',
      args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`],
      directory: options.directory,
      spawn: { env: { ...process.env, PYTHONPATH: modules } },
      endpoint,
      environment: { ...clientVariables('moto', 'moto'), AWS_ENDPOINT_URL: endpoint },
    },
    () => answers(`${endpoint}/moto-api/`),
  );
  return { ...server, checkPermissions: (on) => checkPermissions(endpoint, on) };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function checkPermissions(endpoint: string, on: boolean): Promise<void> {
  // How many requests pass unchecked from now on.
  const body = on ? '0' : 'Infinity';
  const response = await fetch(`${endpoint}/moto-api/reset-auth`, { method: 'POST', body });
  if (!response.ok) throw new Error(`moto answered ${response.status} when told to check permissions.`);
}
