import { createServer, type Socket } from 'node:net';
import { Connection } from 'tedious';
import { openSession } from '../../../engine/sqlserver/connection';
import { FaultProxy } from '../../support/fault-proxy';
import { intColumn, result, type ScriptedServer, startScriptedServer, textColumn } from './scripted-server';

const eventually = async (condition: () => boolean, ms = 2_000) => {
  const until = Date.now() + ms;
  while (!condition() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
};

describe('a session on a source', () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await startScriptedServer((_sql, parameters) =>
      result([intColumn('number'), textColumn('echo')], [[7, parameters[0]?.value ?? null]]),
    );
  });
  afterAll(() => server.close());

  it('speaks TLS, says who it is, binds parameters, logs in once, and leaves nothing open', async () => {
    const before = server.seen.logins;
    const session = await openSession(server.endpoint);
    expect(server.seen.open).toBe(1);
    expect(server.seen.applicationName).toBe('migrate/test');
    expect(server.seen.setUp.join('\n')).toContain('SET NOCOUNT OFF');
    const params = [{ name: 'who', sqlType: 'nvarchar(50)', value: 'čára 😀' }];
    await expect(session.query('SELECT 7, @who', params)).resolves.toEqual([{ number: 7, echo: 'čára 😀' }]);
    expect(server.seen.logins - before).toBe(1);
    await session.close();
    await eventually(() => server.seen.open === 0);
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'SOURCE_CONNECTION' });
  });

  it('runs statements that are asked at once one after another', async () => {
    const session = await openSession(server.endpoint);
    const ask = (tx: { query: typeof session.query }) =>
      Promise.all([1, 2, 3].map(() => tx.query('SELECT 7')));
    await expect(session.inSnapshot('snapshot', ask)).resolves.toHaveLength(3);
    await expect(ask(session)).resolves.toHaveLength(3);
    await session.close();
  });

  it('reads in one SNAPSHOT transaction, and rolls back when the work fails', async () => {
    const session = await openSession(server.endpoint);
    Object.assign(server.seen, { begun: [], committed: 0, rolledBack: 0 });
    await session.inSnapshot('snapshot', (tx) => tx.query('SELECT 1'));
    expect(server.seen).toMatchObject({ begun: ['SNAPSHOT'], committed: 1, rolledBack: 0 });
    const setUp = server.seen.setUp.length;
    await session.query('SELECT 1');
    await session.query('SELECT 1');
    expect(server.seen.setUp.slice(setUp)).toEqual(['SET TRANSACTION ISOLATION LEVEL READ COMMITTED']);
    const failure = new Error('work');
    await expect(session.inSnapshot('snapshot', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(server.seen.rolledBack).toBe(1);
    await session.inSnapshot('rcsi', (tx) => tx.query('SELECT 1'));
    expect(server.seen.begun).toEqual(['SNAPSHOT', 'SNAPSHOT']);
    await session.close();
  });

  it('is over once its connection is lost: no other one takes its place, and none is left open', async () => {
    const proxy = await FaultProxy.start(server.endpoint.port);
    const session = await openSession({ ...server.endpoint, port: proxy.port });
    proxy.arm({ kind: 'cut' });
    for (const _ of ['lost', 'asked again'])
      await expect(session.query('SELECT 7')).rejects.toMatchObject({ code: 'SOURCE_CONNECTION' });
    await session.close();
    // Time for a connection that nobody wants to come about.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([proxy.connections, server.seen.open]).toEqual([0, 0]);
    await proxy.close();
  });

  it('refuses a wrong password and a wrong database by their own names', async () => {
    const wrong = { ...server.endpoint, password: 'Wrong-Horse-2' };
    const error = await openSession(wrong).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SOURCE_LOGIN', retryable: false });
    expect(String(error)).not.toContain('Wrong-Horse-2');
    await expect(openSession({ ...server.endpoint, database: 'Nowhere' })).rejects.toMatchObject({
      code: 'SOURCE_DATABASE',
      message: expect.stringContaining('database Nowhere'),
    });
  });

  it('refuses a certificate of an unknown authority or for another name', async () => {
    const { ca: _, ...untrusting } = server.endpoint;
    await expect(openSession(untrusting)).rejects.toMatchObject({
      code: 'TLS_VERIFICATION',
      message: expect.stringContaining('MSSQL_CA_FILE'),
    });
    await expect(openSession({ ...server.endpoint, serverName: 'other.example' })).rejects.toMatchObject({
      code: 'TLS_VERIFICATION',
    });
  });

  it('tells an unreachable server from one that refuses', async () => {
    await expect(openSession({ ...server.endpoint, port: 1 })).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('gives up connecting as soon as it is told to', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const reason = new Error('cancelled');
    const started = Date.now();
    const opening = openSession(
      { ...server.endpoint, port, connectTimeoutMs: 1_000 },
      AbortSignal.timeout(200),
    );
    await expect(opening).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - started).toBeLessThan(1_000);
    await expect(openSession(server.endpoint, AbortSignal.abort(reason))).rejects.toBe(reason);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('never sends a password to a server that offers no encryption', async () => {
    const plain = await startPlainServer();
    await expect(openSession({ ...server.endpoint, port: plain.port })).rejects.toMatchObject({
      code: 'TLS_VERIFICATION',
    });
    expect(plain.received).toContain(packets.prelogin);
    expect(plain.received).not.toContain(packets.login7);
    plain.close();
  });

  it('never sends one to such a server that an encrypted one routes to', async () => {
    const plain = await startPlainServer();
    const tedious = Connection.prototype as unknown as {
      performSentLogin7WithStandardLogin(signal: AbortSignal): Promise<object | undefined>;
    };
    const login = tedious.performSentLogin7WithStandardLogin;
    const routed = jest
      .spyOn(tedious, 'performSentLogin7WithStandardLogin')
      .mockImplementationOnce(async function (this: typeof tedious, signal) {
        await login.call(this, signal);
        return { server: '127.0.0.1', port: plain.port };
      });
    await expect(openSession(server.endpoint)).rejects.toMatchObject({ code: 'TLS_VERIFICATION' });
    expect(plain.received).toContain(packets.prelogin);
    expect(plain.received).not.toContain(packets.login7);
    routed.mockRestore();
    plain.close();
  });
});

/** MS-TDS 2.2.3.1.1. */
const packets = { prelogin: 0x12, login7: 0x10 } as const;

/** A server that has no encryption; `received` are the types of the packets that came. */
async function startPlainServer() {
  const received: (number | undefined)[] = [];
  const plain = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      received.push(data[0]);
      socket.write(preloginWithoutEncryption);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => plain.once('listening', resolve));
  const { port } = plain.address() as { port: number };
  return { received, port, close: () => plain.close() };
}

/** A PRELOGIN response with ENCRYPT_NOT_SUP (MS-TDS 2.2.6.5). */
const preloginWithoutEncryption = (() => {
  const options = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 3, 232, 0, 0, 2]);
  const header = Buffer.from([4, 1, 0, 8 + options.length, 0, 0, 1, 0]);
  return Buffer.concat([header, options]);
})();
