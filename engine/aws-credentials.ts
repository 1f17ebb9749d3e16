/** Where ECS and EKS tell a container to ask for the credentials of its role. */
const containerVariables = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];

/**
 * Whether a client of AWS found no credentials now and may find them soon: the container has a role, and the endpoint
 * that hands them out did not answer. Elsewhere nobody has given any, and waiting brings none.
 */
export function credentialsMayCome(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'CredentialsProviderError' &&
    containerVariables.some((name) => process.env[name] !== undefined)
  );
}
