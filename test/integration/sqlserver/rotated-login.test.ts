import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceLogins } from '../../../config/source-credentials';
import { openSession } from '../../../engine/sqlserver/connection';
import { openWithLogin } from '../../../engine/sqlserver/open-with-login';
import type { SourceSession } from '../../../engine/sqlserver/session';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { SqlServerEngine } from '../../../sandbox/sqlserver/engine/types';
import { startTestServer, type TestServer } from '../sandbox/tds-test-server';

jest.setTimeout(60_000);

describe('a source whose password is rotated', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rotated-'));
  const file = join(directory, 'secret.json');
  const secret = (password: string) => writeFileSync(file, JSON.stringify({ username: 'reader', password }));
  let engine: SqlServerEngine;
  let server: TestServer;

  beforeAll(async () => {
    engine = await createEngine({
      name: 'server01',
      logins: [{ user: 'reader', password: 'right' }],
      databases: [{ name: 'One', snapshotIsolation: true, readCommittedSnapshot: false, tables: [] }],
    });
    server = await startTestServer(engine);
  });
  afterAll(async () => {
    await server.close();
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Opens a session as a worker does; `between` happens after the secret was read and before the server is asked. */
  async function open(
    between: () => void,
  ): Promise<{ readonly session: SourceSession; readonly logins: number }> {
    const place = { server: 'server01', host: 'localhost', port: server.port };
    const logins = new SourceLogins({
      auth: 'sql',
      secretVariable: (name) => (name === 'SOURCE_SECRET_FILE' ? file : undefined),
    });
    let asked = 0;
    const session = await openWithLogin({
      current: () => logins.of(place),
      renewed: (refused) => logins.renewed(place, refused),
      open: (login) => {
        asked += 1;
        if (asked === 1) between();
        return openSession({
          alias: 'server01',
          database: 'One',
          applicationName: 'migrate/test',
          ca: readFileSync(server.caFile, 'utf8'),
          ...login,
        });
      },
    });
    return { session, logins: asked };
  }

  it('is logged in to with the new one, without a restart', async () => {
    secret('old');
    const { session, logins } = await open(() => secret('right'));
    expect(logins).toBe(2);
    await session.close();
  });

  it('is not asked a second time with the same password, which would only lock the account', async () => {
    secret('old');
    let opened = 0;
    await expect(
      open(() => {
        opened += 1;
      }),
    ).rejects.toMatchObject({ code: 'SOURCE_LOGIN', message: expect.stringContaining('error 18456') });
    expect(opened).toBe(1);
  });

  it('tells the second refusal where the new one is refused too', async () => {
    secret('old');
    await expect(open(() => secret('other'))).rejects.toMatchObject({ code: 'SOURCE_LOGIN' });
  });
});
