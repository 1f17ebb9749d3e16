import { MigrationError } from '../engine/errors.js';
import type { GlueConfig } from './run-config.js';
import { type SourceIdentity, secretNamesOf } from './source-credentials.js';

/**
 * Name or ARN of the secret that jobs log in to a source server with: the category's, or the workers' own. Throws
 * CONFIG_INVALID where the workers log in with what a job has no way to.
 */
export function glueSecret(
  { auth, secretVariable }: SourceIdentity,
  { secretId }: Pick<GlueConfig, 'secretId'>,
  server: string,
): string {
  if (secretId !== undefined) return secretId;
  if (auth !== 'sql')
    throw invalid(`SOURCE_AUTH is '${auth}', and jobs of Glue log in to '${server}' with user and password`);
  for (const { value, file, stored } of secretNamesOf(server)) {
    const [inline] = [value, file].filter((name) => secretVariable(name) !== undefined);
    if (inline !== undefined)
      throw invalid(`${inline} is set, and jobs of Glue cannot read the secret of '${server}' there`);
    const id = secretVariable(stored);
    if (id !== undefined) return id;
  }
  throw invalid(`no secret of '${server}' is named for jobs of Glue`);
}

function invalid(what: string): MigrationError {
  return new MigrationError(
    'CONFIG_INVALID',
    `Environment: ${what}. Set SOURCE_SECRET_ID, or "glue.secretId" in the category file, to a secret in Secrets Manager.`,
  );
}
