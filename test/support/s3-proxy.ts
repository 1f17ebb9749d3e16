import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What happens to a request instead of its being passed on, or to its answer. */
export type S3Fault =
  /** S3's own way to say no. */
  | ({ readonly kind: 'refuse'; readonly status: number; readonly code: string } & {
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** More elements of the answer's XML, such as `<Region>`. */
      readonly details?: string;
    })
  /** The answer breaks off behind so many bytes of its body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The server does as it was told; its answer never comes. */
  | { readonly kind: 'loseAnswer' }
  /** Nothing happens any more. */
  | { readonly kind: 'stall' }
  /** One bit of one byte of the body is another. */
  | { readonly kind: 'corrupt'; readonly what: 'request' | 'answer'; readonly at: number }
  /** Something else is done first. */
  | { readonly kind: 'first'; readonly act: () => unknown };

export interface SeenRequest {
  /** `PUT /bucket/key?partNumber=1&…` */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
}

interface Rule {
  readonly match: RegExp;
  readonly fault: S3Fault;
  left: number;
}

/** Stands in front of an S3 server, sees each request, and lets some of them go wrong. */
export class S3Proxy {
  readonly endpoint: string;
  readonly requests: SeenRequest[] = [];
  #rules: Rule[] = [];

  private constructor(
    private readonly server: Server,
    private readonly upstream: URL,
  ) {
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The proxy has no port.');
    this.endpoint = `http://127.0.0.1:${address.port}`;
    server.on('request', (request, response) => {
      // A client that goes away takes nobody with it.
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(upstream: string): Promise<S3Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new S3Proxy(server, new URL(upstream));
  }

  /** The next `times` requests whose line matches meet `fault`. */
  arm(match: RegExp, fault: S3Fault, times = 1): void {
    this.#rules.push({ match, fault, left: times });
  }

  /** Takes back all that was armed, and forgets what was seen. */
  reset(): void {
    this.#rules = [];
    this.requests.length = 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    this.requests.push({ line, headers: request.headers });
    const rule = this.#rules.find(({ match, left }) => left > 0 && match.test(line));
    if (rule) rule.left -= 1;
    const fault = rule?.fault;
    switch (fault?.kind) {
      case 'refuse':
        request.resume();
        refuse(response, fault, request.method === 'HEAD');
        return;
      case 'stall':
        return;
      case 'first':
        await fault.act();
    }
    await this.#pass(request, response, fault);
  }

  async #pass(request: IncomingMessage, response: ServerResponse, fault: S3Fault | undefined): Promise<void> {
    const { hostname, port } = this.upstream;
    const { method, url: path, headers } = request;
    const upstream = httpRequest({ hostname, port, method, path, headers });
    const answered = once(upstream, 'response');
    // An answer may come before all of the request was taken.
    const sent = pipeline(request, flipper(fault, 'request'), upstream).catch(() => undefined);
    const [answer] = (await answered) as [IncomingMessage];
    await sent;
    if (fault?.kind === 'loseAnswer') {
      answer.resume();
      response.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
    if (fault?.kind === 'cut') await sendSome(answer, response, fault.afterBytes);
    else await pipeline(answer, flipper(fault, 'answer'), response);
  }
}

async function sendSome(
  answer: AsyncIterable<Buffer>,
  response: ServerResponse,
  bytes: number,
): Promise<void> {
  let left = bytes;
  for await (const some of answer) {
    await new Promise((written) => response.write(some.subarray(0, left), written));
    left -= some.length;
    if (left <= 0) break;
  }
  response.destroy();
}

function refuse(response: ServerResponse, fault: S3Fault & { kind: 'refuse' }, head: boolean): void {
  const { status, code, message = 'Said by the test.', headers = {}, details = '' } = fault;
  response.writeHead(status, { 'content-type': 'application/xml', ...headers });
  response.end(head ? '' : `<Error><Code>${code}</Code><Message>${message}</Message>${details}</Error>`);
}

/** Passes bytes through; flips a bit of the one that the fault names. */
function flipper(fault: S3Fault | undefined, what: 'request' | 'answer'): Transform {
  let left = fault?.kind === 'corrupt' && fault.what === what ? fault.at : -1;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      if (left >= 0 && left < bytes.length) bytes.writeUInt8(bytes.readUInt8(left) ^ 1, left);
      left -= bytes.length;
      done(null, bytes);
    },
  });
}
