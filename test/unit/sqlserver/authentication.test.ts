import {
  AggregateAuthenticationError,
  AuthenticationError,
  AuthenticationRequiredError,
  CredentialUnavailableError,
} from '@azure/identity';
import { Connection } from 'tedious';
import { authenticationOf, type SourceLogin } from '../../../engine/sqlserver/authentication';
import { connectError } from '../../../engine/sqlserver/errors';

const place = { alias: 'server01', host: 'sql.example.com', port: 1433, database: 'DatabaseA' };

const logins: readonly (readonly [SourceLogin, string, object])[] = [
  [{ user: 'reader', password: 'p' }, 'default', { userName: 'reader', password: 'p' }],
  [
    { auth: 'entra-service-principal', clientId: 'id', clientSecret: 's', tenantId: 't' },
    'azure-active-directory-service-principal-secret',
    { clientId: 'id', clientSecret: 's', tenantId: 't' },
  ],
  [{ auth: 'entra-managed-identity' }, 'azure-active-directory-msi-vm', {}],
  [{ auth: 'entra-managed-identity', clientId: 'id' }, 'azure-active-directory-msi-vm', { clientId: 'id' }],
  [{ auth: 'entra-default' }, 'azure-active-directory-default', {}],
];

test.each(logins)('%j logs in as the driver wants it', (login, type, options) => {
  const authentication = authenticationOf(login);
  expect(authentication).toEqual({ type, options });
  // The driver checks its options when a connection is made, and opens none before it is told to.
  const connection = new Connection({ server: 'sql.example.com', authentication });
  const { config } = connection as unknown as { readonly config: { readonly authentication: object } };
  expect(config.authentication).toMatchObject({ type, options });
});

/** As the driver reports that Microsoft Entra gave no token. */
function noToken(reason: Error): Error {
  const refused = Object.assign(new Error('Security token could not be authenticated or authorized.'), {
    code: 'EFEDAUTH',
  });
  return Object.assign(new Error('login'), {
    code: 'EFEDAUTH',
    originalError: new AggregateError([refused, reason]),
  });
}

test.each(['AADSTS7000215: Invalid client secret provided.', 'AADSTS700016: Application was not found.'])(
  'an identity that Entra refuses is a refused login, which does not pass by itself (%s)',
  (text) => {
    const reason = new AuthenticationRequiredError({ scopes: [], message: `invalid_client: ${text}` });
    expect(connectError(noToken(reason), place)).toMatchObject({
      code: 'SOURCE_LOGIN',
      retryable: false,
      message: expect.stringMatching(/Microsoft Entra gave no token: check SOURCE_AUTH/),
    });
  },
);

// The library keeps no code: not of the network, of HTTP, or of a machine's identity that does not answer.
test.each([
  new AuthenticationRequiredError({ scopes: [], message: 'network_error: Network request failed' }),
  new AuthenticationRequiredError({ scopes: [], message: 'AADSTS90033: A transient error has occurred.' }),
  new AuthenticationRequiredError({ scopes: [], message: 'invalid_request: AADSTS500110: unknown' }),
  new CredentialUnavailableError('endpoints_resolution_error: Endpoints cannot be resolved'),
  new AggregateAuthenticationError([new CredentialUnavailableError('no IMDS')], 'Chain failed.'),
  new AuthenticationError(503, 'Service Unavailable'),
  Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
])('a token that could not be had may be there the next time (%s)', (reason) => {
  expect(connectError(noToken(reason), place)).toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    retryable: true,
    message: expect.stringMatching(/tried again.*check SOURCE_AUTH/),
  });
});
