import dns from 'node:dns';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { requireWriter } from '../../../engine/postgres/require-writer';
import { freePort } from '../../../sandbox/services/ports';
import { startPostgres, type TestPostgres } from '../../support/postgres';

jest.setTimeout(120_000);

/** The name of a cluster's writer, as the target is given it. */
const name = 'warehouse.cluster.test';

/** An address of this machine that leads to a server. */
async function addressOf(server: TestPostgres, address: string, port: number): Promise<Server> {
  const proxy = createServer((from) => {
    const to = connect(server.endpoint.port, server.endpoint.host);
    const cut = (other: Socket) => () => other.destroy();
    from.pipe(to).on('error', cut(from)).on('close', cut(from));
    to.pipe(from).on('error', cut(to)).on('close', cut(to));
  });
  await new Promise<void>((resolve) => proxy.listen(port, address, resolve));
  return proxy;
}

describe('a cluster whose writer fails over', () => {
  let servers: readonly TestPostgres[];
  let proxies: readonly Server[];
  let target: Target;
  let port: number;
  let looks = 0;
  /** Where the name leads at this moment. */
  let writer = '127.0.0.2';
  let spy: jest.SpyInstance;

  beforeAll(async () => {
    port = await freePort();
    servers = await Promise.all([startPostgres(), startPostgres()]);
    const addresses = ['127.0.0.2', '127.0.0.3'];
    proxies = await Promise.all(
      servers.map((server, index) => addressOf(server, addresses[index] ?? '', port)),
    );
    const lookup = dns.lookup as unknown as (host: string, ...rest: unknown[]) => void;
    spy = jest.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: unknown[]) => {
      if (host === name) looks += 1;
      lookup(host === name ? writer : host, ...rest);
    }) as never);
    const [one] = servers;
    // Both servers know the role, each with a password of its own.
    const password = one?.endpoint.password as string;
    await servers[1]?.admin.query(`ALTER ROLE migration PASSWORD '${password}'`);
    for (const { admin } of servers)
      await admin.query('CREATE TABLE public.written (n int); GRANT ALL ON public.written TO migration');
    target = createTarget({
      ...(one as TestPostgres).endpoint,
      host: name,
      port,
      password,
      maxConnections: 4,
    });
  });
  afterAll(async () => {
    await target?.close();
    spy?.mockRestore();
    for (const proxy of proxies ?? []) proxy.close();
    await Promise.all((servers ?? []).map((server) => server.stop()));
  });

  const readOnly = async (server: TestPostgres | undefined, on: boolean) => {
    await server?.admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`);
    await server?.admin.query('SELECT pg_reload_conf()');
    await new Promise((resolve) => setTimeout(resolve, 300));
  };
  const write = () => target.query('INSERT INTO public.written VALUES (1)');
  const written = async (server: TestPostgres | undefined): Promise<number> => {
    const counted = await server?.admin.query<{ n: number }>('SELECT count(*)::int AS n FROM public.written');
    return counted?.rows[0]?.n ?? -1;
  };

  test('is found again by name: none of the connections to the former writer is used once it takes no writes', async () => {
    // Several connections are open, and idle.
    await Promise.all(Array.from({ length: 4 }, () => target.query('SELECT pg_sleep(0.2)')));
    await write();
    await requireWriter(target);
    const before = looks;
    expect(before).toBe(4);

    await readOnly(servers[0], true);
    writer = '127.0.0.3';
    await expect(write()).rejects.toMatchObject({ code: 'TARGET_READ_ONLY', retryable: true });
    // The next attempts, on as many connections as there were, all reach the new writer.
    await Promise.all(Array.from({ length: 4 }, write));
    expect(looks).toBeGreaterThan(before);
    expect([await written(servers[0]), await written(servers[1])]).toEqual([1, 4]);
  });

  test('is found again by name where connections are cut', async () => {
    writer = '127.0.0.2';
    await readOnly(servers[0], false);
    await servers[1]?.admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'migration'",
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await write();
    expect(await written(servers[0])).toBe(2);
  });

  test('is refused before a run while its name leads to what takes no writes', async () => {
    await readOnly(servers[0], true);
    await expect(requireWriter(target)).rejects.toMatchObject({
      code: 'TARGET_READ_ONLY',
      message: expect.stringContaining('default_transaction_read_only is on'),
    });
    writer = '127.0.0.3';
    await requireWriter(target);
  });
});

describe('a password that is rotated', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  /** A secret that is read anew only when what it said was refused. */
  function secretOf(first: string, second: string) {
    const refused: string[] = [];
    let latest = first;
    return {
      refused,
      password: async (old?: string) => {
        if (old !== undefined) refused.push(old);
        if (old === latest) latest = second;
        return latest;
      },
    };
  }

  test('is read anew once, however many connections were refused, with no failure', async () => {
    await postgres.admin.query("ALTER ROLE migration PASSWORD 'second'");
    const secret = secretOf('first', 'second');
    const target = createTarget({ ...postgres.endpoint, password: secret.password, maxConnections: 4 });
    const users = await Promise.all(
      Array.from({ length: 4 }, () => target.query<{ u: string }>('SELECT current_user AS u')),
    );
    expect(users.map(({ rows }) => rows[0]?.u)).toEqual(Array(4).fill('migration'));
    expect(new Set(secret.refused)).toEqual(new Set(['first']));
    await target.close();
  });

  test('is a refused login where there is no other one, tried once', async () => {
    const secret = secretOf('wrong', 'wrong');
    const target = createTarget({ ...postgres.endpoint, password: secret.password });
    await expect(target.query('SELECT 1')).rejects.toMatchObject({ code: 'TARGET_LOGIN' });
    expect(secret.refused).toEqual(['wrong']);
    await target.close();
  });

  test('that cannot be read is told as it is', async () => {
    const target = createTarget({
      ...postgres.endpoint,
      password: async () => Promise.reject(new Error('no secret')),
    });
    await expect(target.query('SELECT 1')).rejects.toThrow('no secret');
    await target.close();
  });

  test('a refused token says what to check', async () => {
    const target = createTarget({
      ...postgres.endpoint,
      password: async () => 'token',
      loginAdvice: 'Check rds-db:connect.',
    });
    await expect(target.query('SELECT 1')).rejects.toMatchObject({
      code: 'TARGET_LOGIN',
      message: expect.stringMatching(/\(28P01\)\. Check rds-db:connect\.$/),
    });
    await target.close();
  });
});
