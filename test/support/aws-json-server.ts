import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a service answers; undefined for silence. */
export type Answer =
  | {
      readonly status: number;
      readonly type?: string;
      readonly message?: string;
      readonly body?: object | string;
    }
  | undefined;

export interface AwsJsonServer {
  readonly endpoint: string;
  /** Operations asked for so far, such as `secretsmanager.GetSecretValue`. */
  readonly asked: string[];
  /** What is answered from now on. */
  answer: (operation: string, attempt: number) => Answer;
  stop(): Promise<void>;
}

/** A service of AWS that speaks its JSON protocol, and answers as it is told: with errors that no stand-in gives. */
export async function startAwsJsonServer(): Promise<AwsJsonServer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']);
    await drained(request);
    asked.push(operation);
    const attempts = asked.filter((other) => other === operation).length;
    const answer = started.answer(operation, attempts);
    if (answer === undefined) return;
    const { status, type, message, body } = answer;
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      ...(type !== undefined && { 'x-amzn-errortype': type }),
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? { __type: type, message }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const started: AwsJsonServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: () => undefined,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}

async function drained(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}
