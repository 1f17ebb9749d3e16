import { logFile, type ServiceOptions, startService, waitUntil } from './process.js';

/** A server on this machine that speaks a part of AWS's protocols. */
export interface AwsServer {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** The variables by which the SDK's clients find it and sign for it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pid: number;
  stop(): Promise<void>;
}

/** For what a local server is told of a region; it keeps all of them. */
export const localRegion = 'us-east-1';

/**
 * Starts a server and waits until `answers`.
 * @throws Error with the path of its log when it does not within a minute.
 */
export async function startAwsServer(
  options: ServiceOptions & Pick<AwsServer, 'endpoint' | 'environment'>,
  answers: () => Promise<boolean>,
): Promise<AwsServer> {
  const { endpoint, environment } = options;
  const service = startService(options);
  await waitUntil(options.name, answers, {
    timeoutMs: 60_000,
    ended: service.ended,
    log: logFile(options.directory, options.name),
  }).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  return { endpoint, environment, pid: service.pid, stop: () => service.stop() };
}

/** The variables of `environment` that every client reads, whatever the service. */
export function clientVariables(accessKeyId: string, secretAccessKey: string): Record<string, string> {
  return {
    AWS_REGION: localRegion,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    // Else a client whose key is missing asks the machine it runs on, for seconds.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
