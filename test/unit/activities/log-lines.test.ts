import { MockActivityEnvironment } from '@temporalio/testing';
import { chunkActivities } from '../../../activities/chunks';
import { logLines } from '../../../activities/log-lines';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly meta?: Readonly<Record<string, unknown>>;
}

test('a chunk that is parked leaves a line that alarms count, at a level that no log leaves out', async () => {
  const lines: Line[] = [];
  const write = (level: string) => (message: string, meta?: Record<string, unknown>) => {
    lines.push({ level, message, ...(meta !== undefined && { meta }) });
  };
  const levels = ['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, write(level)]);
  const logger = { ...Object.fromEntries(levels), log: () => undefined };
  const environment = new MockActivityEnvironment(undefined, { logger });
  const deps = { target: { query: async () => ({ rows: [], rowCount: 1 }) } };
  const { parkChunk } = chunkActivities(deps as never, {} as never);
  await environment.run(() =>
    parkChunk({ runId: 'run', chunkId: '17', code: 'SOURCE_QUERY', message: 'refused' } as never),
  );
  const parked = lines.filter(({ message }) => message === logLines.chunkParked);
  expect(parked).toEqual([
    expect.objectContaining({
      level: 'error',
      meta: expect.objectContaining({ chunkId: '17', runId: 'run', code: 'SOURCE_QUERY', cause: 'refused' }),
    }),
  ]);
});
