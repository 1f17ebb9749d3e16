import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';

/** How to reach Temporal. The variables are those that the `temporal` command itself reads. */
export interface TemporalEnvironment {
  /** `host:port` of the front end. */
  readonly address: string;
  readonly namespace: string;
  /** Absent where the connection is not encrypted. */
  readonly tls?: TemporalTls;
}

/** Certificates and API key are behind a function, so that no log or dump can show them. */
export interface TemporalTls {
  /** Reads files anew with each call, as certificates are renewed in place. */
  readonly options: () => TlsOptions;
  /** Flags that make `temporal` connect likewise. It reads API key and PEM data from variables of the same names. */
  readonly flags: readonly (readonly string[])[];
}

/** As the SDK's connections take it. */
interface TlsOptions {
  readonly tls: {
    readonly serverNameOverride?: string;
    readonly serverRootCACertificate?: Buffer;
    readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
  };
  readonly apiKey?: string;
}

const allowed = "'true' or 'false'";

/** Besides TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE. */
export const temporalTlsVariables = z.object({
  TEMPORAL_TLS: z
    .enum(['true', 'false'], { error: (issue) => `is '${issue.input}'; allowed: ${allowed}` })
    .optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_DATA: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_DATA: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_DATA: z.string().optional(),
  TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: z.string().optional(),
  TEMPORAL_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'holds a blank or a line break; allowed: the key alone' })
    .optional(),
});
type Variables = z.infer<typeof temporalTlsVariables>;

/**
 * TLS, client certificate and API key out of the checked variables; undefined where none is set. An API key, or
 * anything about certificates, switches TLS on.
 * @throws MigrationError CONFIG_INVALID naming the variable: settings that contradict one another, half a pair, a
 * file that does not exist, data that is not PEM
 */
export function temporalTls(given: Variables): TemporalTls | undefined {
  const { TEMPORAL_TLS: wish, TEMPORAL_TLS_SERVER_NAME: serverName, TEMPORAL_API_KEY: apiKey } = given;
  if (given.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION !== undefined)
    throw invalid(
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is set, but certificates are always verified here. Unset it; TEMPORAL_TLS_SERVER_CA_CERT_PATH names an authority of your own.',
    );
  const ca = pem(given, 'SERVER_CA_CERT');
  const cert = pem(given, 'CLIENT_CERT');
  const key = pem(given, 'CLIENT_KEY');
  if ((cert === undefined) !== (key === undefined))
    throw invalid(
      `TEMPORAL_TLS_CLIENT_${cert ? 'CERT' : 'KEY'} is set without TEMPORAL_TLS_CLIENT_${cert ? 'KEY' : 'CERT'}: set both (as …_PATH or …_DATA) or none.`,
    );
  const needs = [serverName, apiKey, ca, cert].some((value) => value !== undefined);
  if (wish === 'false' && needs)
    throw invalid(
      "TEMPORAL_TLS is 'false', but an API key, a certificate or a server name is set, which need TLS. Unset one or the other.",
    );
  if (wish !== 'true' && !needs) return undefined;
  return {
    options: () => ({
      tls: {
        ...(serverName !== undefined && { serverNameOverride: serverName }),
        ...(ca !== undefined && { serverRootCACertificate: ca.read() }),
        ...(cert !== undefined &&
          key !== undefined && { clientCertPair: { crt: cert.read(), key: key.read() } }),
      },
      ...(apiKey !== undefined && { apiKey }),
    }),
    flags: [
      ['--tls'],
      ...(serverName === undefined ? [] : [['--tls-server-name', serverName]]),
      ...flagOf('--tls-ca-path', ca),
      ...flagOf('--tls-cert-path', cert),
      ...flagOf('--tls-key-path', key),
    ],
  };
}

/** What the SDK's `Connection.connect` and `NativeConnection.connect` take. */
export function connectionOptions({
  address,
  tls,
}: TemporalEnvironment): { readonly address: string } & Partial<TlsOptions> {
  return { address, ...tls?.options() };
}

/** What whoever finds no answer has to do, to end a sentence with. */
export function howToReach({ tls }: TemporalEnvironment): string {
  return tls === undefined
    ? 'start one (npm run sandbox) or set TEMPORAL_ADDRESS.'
    : 'check TEMPORAL_ADDRESS, and the certificates and the API key of TEMPORAL_TLS_… and TEMPORAL_API_KEY, as a server hangs up on those that it does not know.';
}

interface Pem {
  readonly path?: string;
  readonly read: () => Buffer;
}

function pem(given: Variables, kind: 'SERVER_CA_CERT' | 'CLIENT_CERT' | 'CLIENT_KEY'): Pem | undefined {
  const name = `TEMPORAL_TLS_${kind}` as const;
  const { [`${name}_PATH` as const]: path, [`${name}_DATA` as const]: data } = given;
  if (path !== undefined && data !== undefined)
    throw invalid(`${name}_PATH and ${name}_DATA are both set. Unset one.`);
  if (data !== undefined) {
    if (!data.trimStart().startsWith('-----BEGIN '))
      throw invalid(`${name}_DATA is not PEM: it has to begin with '-----BEGIN '.`);
    return { read: () => Buffer.from(data) };
  }
  if (path === undefined) return undefined;
  const file = resolve(path);
  if (!existsSync(file)) throw invalid(`${name}_PATH names '${path}', which does not exist.`);
  return { path: file, read: () => readFileSync(file) };
}

function flagOf(flag: string, file: Pem | undefined): readonly (readonly string[])[] {
  return file?.path === undefined ? [] : [[flag, file.path]];
}

function invalid(problem: string): MigrationError {
  return new MigrationError('CONFIG_INVALID', `Environment: ${problem} See .env.example.`);
}
