import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { type DatabaseSecret, parseDatabaseSecret } from './database-secret.js';
import type { HostPort } from './host-port.js';
import type { SourceDatabase } from './run-config.js';
import { type SecretNames, type SecretValue, secretValue } from './secret-value.js';
import { type Given, oneOf } from './variables.js';

/** Who logs in to one source server. Never logged; lives as long as one connection attempt. */
type SourceLogin =
  | { readonly auth: 'sql'; readonly user: string; readonly password: string }
  | {
      readonly auth: 'entra-service-principal';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly tenantId: string;
    }
  | { readonly auth: 'entra-managed-identity' | 'entra-default'; readonly clientId?: string };

/** A login, and where it goes: the secret's own host and port, or the mapping's where the secret says "*". */
export type SourceCredentials = SourceLogin & HostPort;

type Server = Pick<SourceDatabase, 'server' | 'host' | 'port'>;

export const sourceVariables = z.object({
  MSSQL_CA_FILE: z.string().optional(),
  SOURCE_AUTH: oneOf(['sql', 'entra-service-principal', 'entra-managed-identity', 'entra-default']),
  SOURCE_TENANT_ID: z.string().optional(),
  SOURCE_CLIENT_ID: z.string().optional(),
});

/** How workers log in to source servers. */
export interface SourceIdentity {
  readonly auth: SourceLogin['auth'];
  /** Directory of the service principal. */
  readonly tenantId?: string;
  /** Of a managed identity that is not the machine's only one. */
  readonly clientId?: string;
  /** Value of a variable that holds or names a source secret, or undefined. */
  readonly secretVariable: (name: string) => string | undefined;
}

/** Throws CONFIG_INVALID where a service principal has no tenant. */
export function sourceIdentity(checked: z.infer<typeof sourceVariables>, given: Given): SourceIdentity {
  const { SOURCE_AUTH: auth, SOURCE_TENANT_ID: tenantId, SOURCE_CLIENT_ID: clientId } = checked;
  if (auth === 'entra-service-principal' && tenantId === undefined)
    throw new MigrationError(
      'CONFIG_INVALID',
      `Environment: SOURCE_TENANT_ID is not set; allowed: the directory (tenant) of the service principal, with SOURCE_AUTH '${auth}'.`,
    );
  return {
    auth,
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { clientId }),
    secretVariable: (name) => given[name],
  };
}

/**
 * The credentials of source servers, from SOURCE_SECRET_<ALIAS>, SOURCE_SECRET_<ALIAS>_FILE, SOURCE_SECRET_<ALIAS>_ID,
 * SOURCE_SECRET, SOURCE_SECRET_FILE or SOURCE_SECRET_ID, the first that is set. In the alias, letters are in upper case
 * and `-` is `_`. A managed identity, and what Azure's default chain finds, needs no secret.
 */
export class SourceLogins {
  readonly #secrets = new Map<string, SecretValue>();
  /** The text that credentials came from, to tell whether it is another one now. */
  readonly #texts = new WeakMap<SourceCredentials, string>();

  constructor(private readonly identity: SourceIdentity) {}

  /**
   * Throws SECRET_MISSING where no secret is set, or what is set is not such a secret (never quoting it); AWS_ACCESS,
   * AWS_UNAVAILABLE.
   */
  async of(server: Server, refused?: SourceCredentials): Promise<SourceCredentials> {
    const { auth, clientId } = this.identity;
    if (auth === 'entra-managed-identity' || auth === 'entra-default')
      return { auth, host: server.host, port: server.port, ...(clientId !== undefined && { clientId }) };
    const secret = this.#secretOf(server.server);
    const text = await secret.read(refused && this.#texts.get(refused));
    const parsed = parseDatabaseSecret(secret.name, text, ['sqlserver']);
    const credentials = { ...this.#login(auth, parsed), ...addressOf(parsed, server) };
    this.#texts.set(credentials, text);
    return credentials;
  }

  /** What to log in with instead of credentials that the server refused; undefined where there is nothing else. */
  async renewed(server: Server, refused: SourceCredentials): Promise<SourceCredentials | undefined> {
    const credentials = await this.of(server, refused);
    return this.#texts.get(credentials) === this.#texts.get(refused) ? undefined : credentials;
  }

  #login(auth: 'sql' | 'entra-service-principal', { username, password }: DatabaseSecret): SourceLogin {
    if (auth === 'sql') return { auth, user: username, password };
    return { auth, clientId: username, clientSecret: password, tenantId: this.identity.tenantId ?? '' };
  }

  #secretOf(alias: string): SecretValue {
    const known = this.#secrets.get(alias);
    if (known !== undefined) return known;
    const forms = secretNamesOf(alias);
    const variables = forms.flatMap(({ value, file, stored }) => [value, file, stored]);
    const given = Object.fromEntries(variables.map((name) => [name, this.identity.secretVariable(name)]));
    const [found] = forms.flatMap((names) => secretValue(names, given) ?? []);
    if (found === undefined)
      throw new MigrationError(
        'SECRET_MISSING',
        `No secret for source server '${alias}': set one of ${variables.join(', ')}. See .env.example for its shape.`,
      );
    // Of servers that share a secret, one that finds it changed has read it for the others too.
    const shared = [...this.#secrets.values()].find(({ name }) => name === found.name) ?? found;
    this.#secrets.set(alias, shared);
    return shared;
  }
}

/** Variables that may hold or name the secret of a server, its own before the one of all. */
export function secretNamesOf(alias: string): readonly SecretNames[] {
  return [namesOf(`SOURCE_SECRET_${alias.toUpperCase().replaceAll('-', '_')}`), namesOf('SOURCE_SECRET')];
}

function namesOf(base: string): SecretNames {
  return { value: base, file: `${base}_FILE`, stored: `${base}_ID` };
}

function addressOf({ host, port }: DatabaseSecret, server: Server): HostPort {
  if (host === '*') return { host: server.host, port: server.port };
  return { host, port: port === '*' ? server.port : Number(port) };
}
