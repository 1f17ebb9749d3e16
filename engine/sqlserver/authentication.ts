import type { ConnectionAuthentication } from 'tedious';

/** Who logs in: an SQL login, or an identity of Microsoft Entra, for which the driver gets a token itself. */
export type SourceLogin =
  | { readonly auth?: 'sql'; readonly user: string; readonly password: string }
  | {
      readonly auth: 'entra-service-principal';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly tenantId: string;
    }
  /** `clientId`: of an identity that is not the machine's only one. */
  | { readonly auth: 'entra-managed-identity' | 'entra-default'; readonly clientId?: string };

/** A login in the driver's words. */
export function authenticationOf(login: SourceLogin): ConnectionAuthentication {
  switch (login.auth) {
    case 'entra-service-principal': {
      const { clientId, clientSecret, tenantId } = login;
      return {
        type: 'azure-active-directory-service-principal-secret',
        options: { clientId, clientSecret, tenantId },
      };
    }
    case 'entra-managed-identity':
      return { type: 'azure-active-directory-msi-vm', options: identityOf(login) };
    case 'entra-default':
      return { type: 'azure-active-directory-default', options: identityOf(login) };
    default:
      return { type: 'default', options: { userName: login.user, password: login.password } };
  }
}

function identityOf({ clientId }: { readonly clientId?: string }): { clientId?: string } {
  return clientId === undefined ? {} : { clientId };
}
