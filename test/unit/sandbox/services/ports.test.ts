import { createServer, type Server } from 'node:net';
import { assertPortsFree, freePort } from '../../../../sandbox/services/ports.js';

const listen = (server: Server, port: number) =>
  new Promise<void>((done) => server.listen(port, '127.0.0.1', done));

describe('assertPortsFree', () => {
  it('names the taken port, the service and the variable that moves it', async () => {
    const taken = await freePort();
    const server = createServer();
    await listen(server, taken);
    const free = { temporal: 0, temporalUi: 0, server01: 0, server02: 0 };
    try {
      await expect(assertPortsFree({ ...free, postgres: taken })).rejects.toThrow(
        new RegExp(`Port ${taken} \\(postgres\\).*SANDBOX_POSTGRES_PORT=`),
      );
    } finally {
      server.close();
    }
  });

  it('accepts ports that nobody holds', async () => {
    const port = await freePort();
    await assertPortsFree({
      temporal: port,
      temporalUi: port,
      postgres: port,
      server01: port,
      server02: port,
    });
  });
});
