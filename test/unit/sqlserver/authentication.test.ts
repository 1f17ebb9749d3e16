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

test('an identity without a token is a refused login, which does not pass by itself', () => {
  expect(connectError(noToken(new Error('AADSTS7000215: Invalid client secret')), place)).toMatchObject({
    code: 'SOURCE_LOGIN',
    message: expect.stringMatching(/Microsoft Entra gave no token: check SOURCE_AUTH/),
  });
});

test('a token that could not be asked for may be there the next time', () => {
  const reason = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
  expect(connectError(noToken(reason), place)).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
});
