import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isAlive,
  logFile,
  recordedPid,
  startService,
  stopRecorded,
  waitUntil,
} from '../../../../sandbox/services/process.js';

describe('service processes', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'process-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const start = (script: string) =>
    startService({ name: 'thing', command: process.execPath, args: ['-e', script], directory });
  const forever = 'setInterval(() => {}, 1000);';
  const said = (text: string) => async () => readFileSync(logFile(directory, 'thing'), 'utf8').includes(text);

  it('writes output to the log and stops at the asked signal', async () => {
    const service = start(
      `process.on('SIGINT', () => { console.log('bye'); process.exit(0); }); console.log('up'); ${forever}`,
    );
    await waitUntil('thing', said('up'), { timeoutMs: 10_000, ended: service.ended });
    await service.stop('SIGINT');
    expect(await service.ended).toBe('exit code 0');
    expect(readFileSync(logFile(directory, 'thing'), 'utf8')).toContain('bye');
  });

  it('kills what does not end in its time', async () => {
    const service = start(`process.on('SIGTERM', () => {}); console.log('up'); ${forever}`);
    await waitUntil('thing', said('up'), { timeoutMs: 10_000, ended: service.ended });
    await service.stop('SIGTERM', 200);
    expect(await service.ended).toBe('signal SIGKILL');
  });

  it('finds and stops by its record what another start left behind', async () => {
    const service = start(forever);
    expect(recordedPid(directory, 'thing')).toBe(service.pid);
    expect(await stopRecorded(directory, 'thing')).toBe(true);
    await service.ended;
    expect(isAlive(service.pid)).toBe(false);
    expect(recordedPid(directory, 'thing')).toBeUndefined();
  });

  it('leaves a stranger alone that got the recorded process id', async () => {
    const service = start(forever);
    const record = join(directory, 'run', 'thing.pid');
    writeFileSync(record, `${service.pid} 1\n`);
    expect(await stopRecorded(directory, 'thing')).toBe(false);
    expect(isAlive(service.pid)).toBe(true);
    await service.stop();
  });

  it('says at once that a service ended while starting, and where its log is', async () => {
    const service = start('process.exit(3)');
    const waiting = waitUntil('Thing', async () => false, {
      timeoutMs: 30_000,
      ended: service.ended,
      log: '/the/log',
    });
    await expect(waiting).rejects.toThrow('Thing ended while starting (exit code 3). Its log: /the/log');
  });

  it('gives up a service that is never ready', async () => {
    await expect(waitUntil('Thing', async () => false, { timeoutMs: 200 })).rejects.toThrow(
      'Thing was not ready after 0.2 seconds',
    );
  });
});
