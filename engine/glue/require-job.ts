import { MigrationError } from '../errors.js';
import type { GlueApi } from './glue-api.js';
import { jobArguments, scriptVersion } from './job-request.js';

/**
 * Proves that a job is there and runs this version's script.
 * @throws MigrationError GLUE_JOB, GLUE_ACCESS, GLUE_UNAVAILABLE
 */
export async function requireJob(api: GlueApi, name: string): Promise<void> {
  const { defaultArguments, maxRetries } = await api.job(name);
  const found = defaultArguments[jobArguments.version];
  if (found !== scriptVersion)
    throw new MigrationError(
      'GLUE_JOB',
      `Job '${name}' ${found === undefined ? `has no default argument ${jobArguments.version}, so it is not known what it runs` : `runs version ${found} of the scripts`}; ` +
        `this engine needs version ${scriptVersion}. Deploy deploy/glue of this release.`,
    );
  if (maxRetries > 0)
    throw new MigrationError(
      'GLUE_JOB',
      `Job '${name}' has MaxRetries ${maxRetries}: Glue would start failed runs behind the engine's back. Set it to 0; the engine tries again by itself.`,
    );
}
