import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from '../../support/fault-proxy.js';

/** Answers with what it was sent, and keeps it. */
class Echo {
  readonly received: Buffer[] = [];
  private constructor(readonly server: Server) {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        this.received.push(chunk);
        socket.write(chunk);
      });
      socket.on('end', () => socket.end());
    });
  }
  static async start(): Promise<Echo> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Echo(server);
  }
  get port(): number {
    return (this.server.address() as { readonly port: number }).port;
  }
  text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }
}

/** What a client gets, and when it is over. */
class Client {
  #got = Buffer.alloc(0);
  readonly closed: Promise<void>;
  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.#got = Buffer.concat([this.#got, chunk]);
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }
  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    const client = new Client(socket);
    await once(socket, 'connect');
    return client;
  }
  get text(): string {
    return this.#got.toString('latin1');
  }
  async gets(length: number): Promise<string> {
    const deadline = Date.now() + 5_000;
    while (this.#got.length < length && Date.now() < deadline) await sleep(5);
    return this.text;
  }
}

describe('FaultProxy', () => {
  let echo: Echo;
  let proxy: FaultProxy;
  const clients: Client[] = [];
  const open = async (): Promise<Client> => {
    const client = await Client.open(proxy.port);
    clients.push(client);
    return client;
  };
  beforeEach(async () => {
    echo = await Echo.start();
    proxy = await FaultProxy.start(echo.port);
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxy.close();
    echo.server.close();
  });

  it('passes a million bytes through unchanged, and the end of the stream', async () => {
    const client = await open();
    const bytes = Buffer.alloc(1_000_000, 'abcdefghijklmnopqrstuvwxyz');
    client.socket.end(bytes);
    await client.closed;
    expect(client.text).toBe(bytes.toString('latin1'));
  });

  it('cuts at the byte it was told, once', async () => {
    const armed = proxy.arm({ kind: 'cut' }, { connection: 0, direction: 'toServer', afterBytes: 5 });
    const first = await open();
    first.socket.write('0123456789');
    await first.closed;
    expect(armed.hasStruck()).toBe(true);
    expect(echo.text()).toBe('01234');
    const second = await open();
    second.socket.write('0123456789');
    expect(await second.gets(10)).toBe('0123456789');
  });

  it('counts only the connections that come after arming', async () => {
    const old = await open();
    const armed = proxy.arm({ kind: 'cut' }, { connection: 1, afterBytes: 0 });
    const first = await open();
    const second = await open();
    for (const client of [old, first]) client.socket.write('a');
    expect(await old.gets(1)).toBe('a');
    expect(await first.gets(1)).toBe('a');
    expect(armed.hasStruck()).toBe(false);
    second.socket.write('a');
    await second.closed;
  });

  it('finds a pattern that comes in two pieces, on a connection that was open before', async () => {
    const client = await open();
    const armed = proxy.arm({ kind: 'corrupt', bit: 0 }, { after: ['COPY'], afterBytes: 1 });
    client.socket.write('..CO');
    await client.gets(4);
    client.socket.write('PY 1 2');
    expect(await client.gets(10)).toBe('..COPY 0 2');
    await armed.struck;
    client.socket.write(' COPY 1');
    expect(await client.gets(17)).toBe('..COPY 0 2 COPY 1');
  });

  it('corrupts answers too', async () => {
    proxy.arm({ kind: 'corrupt', bit: 1 }, { direction: 'toClient', afterBytes: 2 });
    const client = await open();
    client.socket.write('0000');
    expect(await client.gets(4)).toBe('0020');
    expect(echo.text()).toBe('0000');
  });

  it('lets the server have what its client gets no answer to', async () => {
    const client = await open();
    const armed = proxy.arm({ kind: 'loseAnswer' }, { after: ['COPY', 'COMMIT'] });
    client.socket.write('COMMIT;COP');
    await client.gets(10);
    client.socket.write('Y;COMMIT;');
    await armed.struck;
    await client.closed;
    expect(echo.text()).toBe('COMMIT;COPY;COMMIT;');
    expect(client.text).toBe('COMMIT;COP');
  });

  it('stalls every connection, new ones too, and heals by itself with nothing lost', async () => {
    const old = await open();
    old.socket.write('a');
    await old.gets(1);
    await proxy.arm({ kind: 'stall', forMs: 300 }).struck;
    const fresh = await open();
    for (const client of [old, fresh]) client.socket.write('bcd');
    await sleep(150);
    expect([old.text, fresh.text]).toEqual(['a', '']);
    expect([await old.gets(4), await fresh.gets(3)]).toEqual(['abcd', 'bcd']);
  });

  it('stalls one connection for ever, without the others, until it is healed', async () => {
    const [one, other] = [await open(), await open()];
    proxy.arm({ kind: 'stall' }, { after: ['x'] });
    one.socket.write('axb');
    while (echo.text() !== 'ax') await sleep(5);
    other.socket.write('free');
    expect(await other.gets(4)).toBe('free');
    await sleep(100);
    expect([one.text, echo.text()]).toEqual(['', 'axfree']);
    await proxy.heal();
    expect(await one.gets(3)).toBe('axb');
  });

  it('slows down to the rate it was given and keeps the order', async () => {
    const client = await open();
    proxy.arm({ kind: 'slow', bytesPerSecond: 2_000, forMs: 400 });
    const text = Array.from({ length: 2_000 }, (_, n) => n % 10).join('');
    client.socket.write(text);
    await sleep(200);
    expect(client.text.length).toBeLessThan(1_000);
    expect(await client.gets(2_000)).toBe(text);
  });

  it('refuses for a time and listens on the same port again', async () => {
    const client = await open();
    proxy.arm({ kind: 'refuse', forMs: 200 });
    await client.closed;
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await sleep(300);
    const again = await open();
    again.socket.write('back');
    expect(await again.gets(4)).toBe('back');
  });

  it('strikes no more once it is healed', async () => {
    const armed = proxy.arm({ kind: 'cut' }, { afterBytes: 0 });
    await proxy.heal();
    const client = await open();
    client.socket.write('whole');
    expect(await client.gets(5)).toBe('whole');
    expect(armed.hasStruck()).toBe(false);
  });
});
