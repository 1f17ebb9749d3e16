import { Signer } from '@aws-sdk/rds-signer';
import { MigrationError } from '../../engine/errors.js';
import { awsFailure } from './call.js';

interface RdsLogin {
  /** The name that RDS gave the endpoint: a token is signed for it and for no alias of it. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/**
 * Gives tokens that log in to RDS or Aurora in place of a password. Each is signed here, with nothing sent; it opens
 * connections for fifteen minutes, so each connection takes a new one. The role's credentials are kept until they
 * are to be renewed, so that many connections ask for them once.
 * @returns what throws MigrationError AWS_ACCESS without credentials, AWS_UNAVAILABLE where a container's cannot be had
 * now, CONFIG_INVALID without a region
 */
export function rdsTokens({ host, port, user }: RdsLogin): () => Promise<string> {
  const region = /\.([a-z0-9-]+)\.rds\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
  const signer = new Signer({
    hostname: host,
    port,
    username: user,
    ...(region !== undefined && { region }),
  });
  const failure = (error: unknown): MigrationError => {
    if (/region is missing/i.test(String(error)))
      return new MigrationError(
        'CONFIG_INVALID',
        `RDS_AUTH: no region is known, and RDS_ENDPOINT '${host}' does not name one. Set AWS_REGION.`,
        { cause: error },
      );
    return awsFailure(error, {
      subject: 'RDS_AUTH',
      action: 'rds-db:connect',
      resource: `${user}@${host}`,
      region: region ?? 'AWS_REGION',
    });
  };
  return () => signer.getAuthToken().catch((error: unknown) => Promise.reject(failure(error)));
}
