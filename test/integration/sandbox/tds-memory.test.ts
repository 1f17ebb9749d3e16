import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { installClients, jdbc, type Target } from './tds-clients';

jest.setTimeout(300_000);

const login = { user: 'migrator', password: 'Sandbox-1' } as const;
const rows = 1_000_000;

describe('a million rows of the first founding table', () => {
  let server: ChildProcess;
  let target: Target;
  const resident = { now: 0, peak: 0 };

  beforeAll(async () => {
    await installClients();
    // In a process of its own, as in the sandbox: the test runner makes every global slow to reach.
    server = fork(
      join(__dirname, 'clients', 'million-rows-server.ts'),
      [String(rows), login.user, login.password],
      {
        execArgv: ['--import', 'tsx'],
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.once('exit', (code) => reject(new Error(`The server ended with ${code}.`)));
      server.on('message', (message: { readonly port?: number; readonly rss?: number }) => {
        if (message.port !== undefined) {
          resolve(message.port);
        }
        resident.now = message.rss ?? 0;
        resident.peak = Math.max(resident.peak, resident.now);
      });
    });
    target = { port, database: 'DatabaseA', ...login };
  });

  afterAll(() => {
    server?.disconnect();
  });

  it('streams to a client that discards it, in flat memory', async () => {
    const statement = '!count SELECT * FROM dbo.cell_performance_data';
    // The first run is where code is compiled, and buffers and pools grow to their size.
    await jdbc(target, [statement]);
    const before = resident.now;
    resident.peak = 0;
    const [answer] = await jdbc(target, [statement]);
    expect(answer?.count).toBeGreaterThanOrEqual(rows);
    expect(resident.peak - before).toBeLessThan(100 * 2 ** 20);
  });
});
