import { Socket } from 'node:net';
import { generate } from 'selfsigned';
import { createTarget, type TargetEndpoint } from '../../../engine/postgres/connection';
import { FaultProxy } from '../../support/fault-proxy';
import { startPostgres, type TestPostgres } from '../../support/postgres';

jest.setTimeout(60_000);

describe('connecting', () => {
  let postgres: TestPostgres;
  let trusted: string;
  beforeAll(async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
      ],
    });
    trusted = cert;
    postgres = await startPostgres(18, { tls: { key, cert } });
  });
  afterAll(() => postgres.stop());

  const tryWith = async (changes: Partial<TargetEndpoint>) => {
    const target = createTarget({ ...postgres.endpoint, ...changes });
    try {
      const { rows } = await target.query<{ ssl: boolean; app: string }>(
        `SELECT ssl, current_setting('application_name') AS app FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
      );
      return rows[0];
    } finally {
      await target.close();
    }
  };
  const secure = { tls: true, host: 'localhost' } as const;

  test('is encrypted and verified with the authority given', async () => {
    expect(await tryWith({ ...secure, ca: trusted })).toEqual({ ssl: true, app: 'migrate' });
  });

  test('an authority that is not trusted is refused', async () => {
    await expect(tryWith(secure)).rejects.toMatchObject({
      code: 'TLS_VERIFICATION',
      message: expect.stringContaining('RDS_CA_FILE'),
    });
  });

  test('a certificate of another host is refused, by address too', async () => {
    await expect(tryWith({ tls: true, host: '127.0.0.1', ca: trusted })).rejects.toMatchObject({
      code: 'TLS_VERIFICATION',
    });
  });

  test('the password may come from a function, asked for each connection', async () => {
    let asked = 0;
    const password = async () => {
      asked++;
      return postgres.endpoint.password as string;
    };
    await tryWith({ password });
    await tryWith({ password });
    expect(asked).toBe(2);
  });

  test('a wrong password names the user and not the password', async () => {
    const failure = await tryWith({ password: 'not-the-password' }).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'TARGET_LOGIN', message: expect.stringContaining(`'migration'`) });
    expect(String((failure as Error).stack)).not.toContain('not-the-password');
  });

  test('a missing database and an address where nobody answers are told apart', async () => {
    await expect(tryWith({ database: 'nowhere' })).rejects.toMatchObject({ code: 'TARGET_LOGIN' });
    await expect(tryWith({ port: 1 })).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE', retryable: true });
    await expect(tryWith({ host: 'no-such-host.invalid' })).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
    });
  });

  test('a connection ended by the server does not end the process, and the next use gets another', async () => {
    const target = createTarget(postgres.endpoint);
    await target.query('SELECT 1');
    await postgres.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'migration'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await target.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await target.close();
  });

  test('a connection to a server that takes no writes is not used again, as another may find the new writer', async () => {
    const target = createTarget(postgres.endpoint);
    const backend = async () =>
      (await target.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    const first = await backend();
    expect(await backend()).toBe(first);
    const write = (client: { query(sql: string): Promise<unknown> }) =>
      client.query('SET TRANSACTION READ ONLY; CREATE SCHEMA no_writes');
    await expect(target.transaction(write)).rejects.toMatchObject({
      code: 'TARGET_READ_ONLY',
      retryable: true,
    });
    expect(await backend()).not.toBe(first);
    await target.close();
  });

  test('an abort ends a silent statement at once, on the server too', async () => {
    const target = createTarget(postgres.endpoint);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 200);
    const started = Date.now();
    await expect(
      target.withClient((client) => client.query('SELECT pg_sleep(30)'), abort.signal),
    ).rejects.toThrow('enough');
    expect(Date.now() - started).toBeLessThan(1_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { rows } = await postgres.admin.query(
      `SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid() AND state = 'active'`,
    );
    expect(rows).toEqual([]);
    await target.close();
  });

  test('a statement whose server has fallen silent is given up, and the next has another connection', async () => {
    const proxy = await FaultProxy.start(postgres.endpoint.port);
    const target = createTarget({ ...postgres.endpoint, port: proxy.port, answerWithinMs: 500 });
    await target.query('SELECT 1');
    proxy.arm({ kind: 'stall', forMs: 1_500 });
    await expect(target.query('SELECT 2')).rejects.toMatchObject({
      code: 'TARGET_CONNECTION',
      retryable: true,
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await target.query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
    await target.close();
    await proxy.close();
  });

  test('a server that falls silent after the login costs a connection no longer than its login may take', async () => {
    const proxy = await FaultProxy.start(postgres.endpoint.port);
    const target = createTarget({
      ...postgres.endpoint,
      ...{ port: proxy.port, tls: false, maxConnections: 1, connectWithinMs: 700 },
    });
    proxy.arm({ kind: 'stall', forMs: 2_000 }, { direction: 'toServer', after: ['SET datestyle'] });
    const began = Date.now();
    await expect(target.query('SELECT 1')).rejects.toMatchObject({
      code: 'TARGET_CONNECTION',
      retryable: true,
    });
    expect(Date.now() - began).toBeLessThan(1_800);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await target.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
    await target.close();
    await proxy.close();
  });

  test('an idle connection is probed from half a minute on', async () => {
    const probed = jest.spyOn(Socket.prototype, 'setKeepAlive');
    await tryWith({});
    expect(probed).toHaveBeenCalledWith(true, 30_000);
    probed.mockRestore();
  });
});
