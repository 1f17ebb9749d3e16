import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { workflowIds } from '../../../workflows/messages';
import { migrate } from '../../support/cli';
import { FaultProxy } from '../../support/fault-proxy';
import { startTestTemporal } from '../../support/temporal';
import { type FakeWorker, startFakeWorker } from './fake-worker';
import { endSignal } from './fake-workflows';

describe('watching by the command line', () => {
  let temporal: TestWorkflowEnvironment;
  let worker: FakeWorker;
  beforeAll(async () => {
    temporal = await startTestTemporal();
    process.env.TEMPORAL_ADDRESS = temporal.address;
    worker = await startFakeWorker(temporal);
  }, 120_000);
  afterAll(async () => {
    await worker?.stop();
    await temporal?.teardown();
  });

  const handleOf = (category: string) => temporal.client.workflow.getHandle(workflowIds.category(category));
  const end = (category: string, state: string) => handleOf(category).signal(endSignal, state);
  const soon = (work: () => Promise<unknown>) =>
    new Promise<void>((resolve) => setTimeout(() => work().then(() => resolve()), 2_500));

  it('prints lines where there is no terminal, and ends with the run', async () => {
    await migrate(['start', 'plain']);
    const [{ code, out }] = await Promise.all([
      migrate(['watch', 'plain', '--every', '1']),
      soon(() => end('plain', 'COMPLETED')),
    ]);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(
      lines.filter((line) => /Z {2}COPYING {2}4 of 12 chunks done \(33 %\)$/.test(line)).length,
    ).toBeGreaterThan(1);
    expect(lines.at(-2)).toBe('10 rows in the stage; chunks: 4 done, 0 parked, 1 skipped');
    expect(out).toContain('plain  COMPLETED after');
  });

  it('prints a document a line with --json, the end being the last', async () => {
    await migrate(['start', 'documents']);
    const [{ code, out }] = await Promise.all([
      migrate(['watch', 'documents', '--every', '1', '--json']),
      soon(() => end('documents', 'TARGET_LOGIN')),
    ]);
    expect(code).toBe(1);
    const documents = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents[0]).toMatchObject({ state: 'RUNNING', status: { phase: 'COPYING' } });
    expect(documents.at(-1)).toMatchObject({ state: 'FAILED', failure: { code: 'TARGET_LOGIN' } });
  });

  it('draws bars on a terminal', async () => {
    await migrate(['start', 'bars']);
    const [{ code, out }] = await Promise.all([
      migrate(['watch', 'bars'], { rows: 24 }),
      soon(() => end('bars', 'STOPPED')),
    ]);
    expect(code).toBe(4);
    expect(out).toMatch(/server02 █{8}░{16}/);
    expect(out).toContain('bars  STOPPED after');
  });

  it('leaves the run alone when it is interrupted, and says so', async () => {
    await migrate(['start', 'interrupted']);
    const { code, err } = await migrate(['watch', 'interrupted'], { interrupt: AbortSignal.timeout(1_500) });
    expect(code).toBe(130);
    expect(err).toContain('The run goes on.');
    expect((await handleOf('interrupted').describe()).status.name).toBe('RUNNING');
  });

  it('tells the end of the run that it watched, also when the next one has begun', async () => {
    await migrate(['start', 'again']);
    const [{ code, out }] = await Promise.all([
      migrate(['watch', 'again', '--every', '4']),
      soon(async () => {
        await end('again', 'CHUNKS_NEED_ATTENTION');
        await handleOf('again')
          .result()
          .catch(() => undefined);
        await migrate(['start', 'again']);
      }),
    ]);
    expect(code).toBe(3);
    expect(out).toContain('again  FAILED after');
  });

  it('start --wait ends as the run does', async () => {
    const [{ code, out }] = await Promise.all([
      migrate(['start', 'waited', '--wait', '--json']),
      soon(() => end('waited', 'COMPLETED')),
    ]);
    expect(code).toBe(0);
    const documents = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.at(-1)).toMatchObject({ state: 'COMPLETED', result: { chunksDone: 4 } });
  });

  it('goes on watching when Temporal was away for a while', async () => {
    const proxy = await FaultProxy.start(Number(temporal.address.split(':')[1]));
    process.env.TEMPORAL_ADDRESS = `localhost:${proxy.port}`;
    await migrate(['start', 'away']);
    const [{ code, out }] = await Promise.all([
      migrate(['watch', 'away', '--every', '1']),
      soon(async () => {
        proxy.arm({ kind: 'refuse', forMs: 9_000 });
        await new Promise((resolve) => setTimeout(resolve, 22_000));
        await end('away', 'COMPLETED');
      }),
    ]);
    process.env.TEMPORAL_ADDRESS = temporal.address;
    await proxy.close();
    expect(code).toBe(0);
    expect(out).toMatch(/Temporal does not answer.+\n(.+\n)*.+COPYING/);
    expect(out).toContain('away  COMPLETED after');
  });

  // The last ones, as they take the worker and then the server away.
  it('says so where no worker answers, and goes on watching', async () => {
    await migrate(['start', 'alone']);
    await worker.stop();
    const interrupt = AbortSignal.timeout(8_000);
    const [status, pause, watched] = await Promise.all([
      migrate(['status', 'alone']),
      migrate(['pause', 'alone']),
      migrate(['watch', 'alone', '--every', '1'], { interrupt }),
    ]);
    expect(`${status.code} ${status.err}`).toMatch(/^5/);
    expect(status.out).toContain('No worker answers');
    expect(pause.code).toBe(5);
    expect(pause.err).toBe(
      'migrate: No worker answered in time: start one (npm run worker), then ask again.\n',
    );
    expect(watched.code).toBe(130);
    expect(watched.out).toContain('RUNNING  no worker answers');
    worker = await startFakeWorker(temporal);
  }, 90_000);

  it('says where it looked when no server answers', async () => {
    process.env.TEMPORAL_ADDRESS = 'localhost:1';
    const { code, err } = await migrate(['status', 'plain']);
    expect(code).toBe(5);
    expect(err).toBe(
      'migrate: No Temporal server answers at localhost:1: start one (npm run sandbox) or set TEMPORAL_ADDRESS.\n',
    );
  });

  it('names a namespace that is not there', async () => {
    process.env.TEMPORAL_ADDRESS = temporal.address;
    process.env.TEMPORAL_NAMESPACE = 'nowhere';
    const answers = [await migrate(['status', 'plain']), await migrate(['start', 'plain'])];
    delete process.env.TEMPORAL_NAMESPACE;
    for (const { code, err } of answers) {
      expect(code).toBe(2);
      expect(err).toContain("no namespace 'nowhere'");
    }
  });
});
