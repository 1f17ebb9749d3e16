import { describeBucket } from './bucket-contract.js';
import { startTestMoto, startTestSeaweedFs, type TestServer } from './s3-servers.js';

const saved = { ...process.env };
afterAll(() => {
  process.env = saved;
});

describe.each([
  ['moto', startTestMoto],
  ['SeaweedFS', startTestSeaweedFs],
])('%s', (name, start) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  }, 300_000);
  afterAll(() => server.stop());

  describeBucket(`s3:// (${name})`, async () => server.open());

  it('has no upload left unfinished by all of these', async () => {
    expect(await server.unfinished()).toEqual([]);
  });
});
