import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { copyIn } from '../../../engine/postgres/copy-in';
import { startPostgres, type TestPostgres } from '../../support/postgres';

jest.setTimeout(120_000);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('copyIn', () => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  test('keeps none of the buffers that the server has taken, however many there are', async () => {
    const sent: WeakRef<Buffer>[] = [];
    let held = 0;
    async function* lines(): AsyncGenerator<Buffer> {
      for (let number = 0; number < 400; number += 1) {
        const buffer = Buffer.alloc(64 * 1024, 'x');
        buffer[buffer.length - 1] = 0x0a;
        sent.push(new WeakRef(buffer));
        yield buffer;
      }
      // A weak reference that was looked at holds on until the next turn.
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      held = sent.filter((buffer) => buffer.deref() !== undefined).length;
    }
    const copied = await target.transaction(async (client) => {
      await client.query('CREATE TEMPORARY TABLE line (text text)');
      return copyIn(client, 'COPY line FROM STDIN', lines(), () => undefined);
    });
    expect(copied).toMatchObject({ rows: 400, bytes: 400 * 64 * 1024 });
    // What may wait for the socket, and some that are on their way.
    expect(held).toBeLessThan(100);
  });

  test('ends with what the server says as soon as it refuses a line, though the source is stuck', async () => {
    async function* lines(): AsyncGenerator<Buffer> {
      yield Buffer.from('1\nnone\n');
      await new Promise(() => undefined);
    }
    const copying = target.transaction(async (client) => {
      await client.query('CREATE TEMPORARY TABLE number (value int)');
      return copyIn(client, 'COPY number FROM STDIN', lines(), () => undefined);
    });
    await expect(copying).rejects.toThrow(/not valid for its column’s type .22P02.: column value/);
  });
});
